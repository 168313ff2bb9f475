// Usage: octokit.mjs upload TAG FILE NAME | octokit.mjs count
import { readFile } from "node:fs/promises";
import { Octokit } from "@octokit/rest";

const { HUB_API, HUB_TOKEN, HUB_REPOSITORY } = process.env;
const [owner, repo] = HUB_REPOSITORY.split("/");
const octokit = new Octokit({ baseUrl: HUB_API, auth: HUB_TOKEN });
const [act, tag, file, name] = process.argv.slice(2);

async function upload() {
  const draft = await octokit.rest.repos.createRelease({ owner, repo, tag_name: tag, draft: true });
  const asset = await octokit.rest.repos.uploadReleaseAsset({
    url: draft.data.upload_url,
    owner,
    repo,
    release_id: draft.data.id,
    name,
    data: await readFile(file),
  });
  await octokit.rest.repos.updateRelease({ owner, repo, release_id: draft.data.id, draft: false });
  const latest = await octokit.rest.repos.getLatestRelease({ owner, repo });
  const bytes = await octokit.rest.repos.getReleaseAsset({
    owner,
    repo,
    asset_id: latest.data.assets[0].id,
    headers: { accept: "application/octet-stream" },
  });
  return {
    status: asset.status,
    name: asset.data.name,
    digest: asset.data.digest,
    latest: latest.data.tag_name,
    size: bytes.data.byteLength,
  };
}

async function count() {
  const releases = await octokit.paginate(octokit.rest.repos.listReleases, { owner, repo, per_page: 1 });
  return { releases: releases.length, tags: new Set(releases.map((release) => release.tag_name)).size };
}

console.log(JSON.stringify(act === "count" ? await count() : await upload()));
