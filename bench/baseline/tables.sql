-- As many rows as ReleaseHub has, spread over downloads in the same way, with the twelve columns of its list.
CREATE TABLE versions (
    id bigserial PRIMARY KEY,
    download_id bigint NOT NULL,
    number varchar(128) NOT NULL,
    version_int bigint NOT NULL,
    release_notes text NOT NULL,
    changelog text NOT NULL,
    released_at timestamptz NOT NULL,
    is_published boolean NOT NULL,
    file_count integer NOT NULL,
    download_count bigint NOT NULL,
    title varchar(256) NOT NULL,
    primary_file_id bigint NOT NULL
);
CREATE TABLE links (
    id bigserial PRIMARY KEY,
    slug varchar(100) NOT NULL,
    number varchar(128) NOT NULL,
    name varchar(255) NOT NULL,
    url varchar(2048) NOT NULL
);

INSERT INTO versions (download_id, number, version_int, release_notes, changelog, released_at, is_published,
                      file_count, download_count, title, primary_file_id)
SELECT CASE WHEN n <= %(heavy)s THEN 1 ELSE 2 + (n - %(heavy)s - 1) / %(others)s END, '1.' || n || '.0', n,
       %(notes)s, '', now() - n * interval '1 minute', true, 1, 0, 'Benchmark 1.' || n || '.0', n
FROM generate_series(1, %(rows)s) AS n;
INSERT INTO links (slug, number, name, url)
SELECT 'benchmark-1', '1.' || n || '.0', 'tool.zip', %(url)s
FROM generate_series(1, %(heavy)s) AS n;

CREATE INDEX ON versions (download_id, released_at DESC, id DESC);
CREATE UNIQUE INDEX ON versions (download_id, number);
CREATE UNIQUE INDEX ON links (slug, number, name);
