-- Every version of a filter that ever decided, as it was: rows are never changed.
create table filter_version (
  filter        text collate "C" not null,
  version       integer not null,
  hash          text not null,          -- SHA-256 of the content
  content       text not null,          -- as JSON
  since         timestamptz not null default hub_now(),
  primary key (filter, version)
);

-- What the filters of its account said of a job, the last time it was judged.
create table filter_decision (
  job_id        uuid primary key,
  at            timestamptz not null default hub_now(),
  verdict       text not null check (verdict in ('deliver', 'delete', 'filtered', 'failed')),
  -- filter, version, hash; matches; of each object that does not: its id and why
  filters       jsonb not null
);
