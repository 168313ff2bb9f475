"""The types of the schema, in GraphQL's own language, with the functions that resolve their fields."""

from functools import cache
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, build_schema

from releasehub.api.common.fields import format_second
from releasehub.api.github.graphql.resolvers import RESOLVERS

TYPES = '''
"""A time in UTC, such as 2026-01-31T12:00:00Z."""
scalar DateTime

"""An absolute URL."""
scalar URI

enum OrderDirection { ASC DESC }

enum ReleaseOrderField {
  "The time at which the version was created."
  CREATED_AT
  "The number of the version."
  NAME
}

input ReleaseOrder {
  field: ReleaseOrderField!
  direction: OrderDirection!
}

type Query {
  "A download, by the name of its owner and its slug."
  repository(owner: String!, name: String!): Repository
  "The user whose key the request has."
  viewer: User!
}

"""A download."""
type Repository {
  id: ID!
  name: String!
  nameWithOwner: String!
  description: String
  isPrivate: Boolean!
  url: URI!
  owner: User!
  "The version with this tag, or a draft if the caller may see it."
  release(tagName: String!): Release
  latestRelease: Release
  "The tag of a published version, such as refs/tags/v1.2."
  ref(qualifiedName: String!): Ref
  releases(first: Int, after: String, orderBy: ReleaseOrder): ReleaseConnection!
}

type ReleaseConnection {
  nodes: [Release!]!
  totalCount: Int!
  pageInfo: PageInfo!
}

type PageInfo {
  hasNextPage: Boolean!
  endCursor: String
}

"""A version of a download."""
type Release {
  id: ID!
  databaseId: Int!
  name: String
  tagName: String!
  description: String
  isDraft: Boolean!
  isPrerelease: Boolean!
  isLatest: Boolean!
  "Whether the version is sealed."
  immutable: Boolean!
  url: URI!
  createdAt: DateTime!
  publishedAt: DateTime
}

"""A user or an organization that owns downloads."""
type User {
  id: ID!
  login: String!
  name: String
}

type Ref {
  id: ID!
  name: String!
}
'''


@cache
def releases_schema() -> GraphQLSchema:
    """Return the schema, which is built at the first query."""
    schema = build_schema(TYPES)
    for type_name, resolvers in RESOLVERS.items():
        fields = object_type(schema, type_name).fields
        for name, resolver in resolvers.items():
            fields[name].resolve = resolver
    moments: Any = schema.type_map["DateTime"]
    moments.coerce_output_value = format_second
    return schema


def object_type(schema: GraphQLSchema, name: str) -> GraphQLObjectType:
    found = schema.type_map[name]
    assert isinstance(found, GraphQLObjectType)  # noqa: S101 - the text above declares it
    return found
