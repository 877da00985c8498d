#!/bin/sh
# The image's entry runs this once, as the owner, on an empty volume: the role of Gridward's nodes, which may make and
# fill the schemas of the views and nothing else (docs/postgres.md).
set -eu
: "${GRIDWARD_PG_PASSWORD:?}"
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" -v password="$GRIDWARD_PG_PASSWORD" -v database="$POSTGRES_DB" <<'SQL'
CREATE ROLE gridward_app LOGIN PASSWORD :'password';
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT CONNECT, CREATE ON DATABASE :"database" TO gridward_app;
SQL
