-- The hub's one time. STABLE, so that it can bound an index scan. Tests replace it to move time.
create function hub_now() returns timestamptz language sql stable as 'select statement_timestamp()';

-- One subscription's channel, as configured; rows are never deleted.
create table account (
  account_id    integer generated always as identity primary key,
  subscription  text collate "C" not null,
  channel       text collate "C" not null,
  connector     text collate "C" not null,
  window_size   integer not null,
  run_size      integer not null,
  hold_on_dead  boolean not null default false,
  configured    boolean not null default true,
  -- an object of this account may have jobs in more than one lane: acceptance looks for them
  mixed_keys    boolean not null default false,
  paused_until  timestamptz,          -- 'infinity': until an operator resumes it
  paused_reason text,
  unique (subscription, channel)
);

create table connector (
  connector     text collate "C" primary key,
  paused_until  timestamptz,
  paused_reason text
);

-- One row per start of a hub: a lease belongs to the incarnation, not to a lane.
create table node (
  node_id       uuid primary key,
  name          text not null,
  started_at    timestamptz not null default hub_now(),
  lease_until   timestamptz not null,
  accounts      integer[] not null default '{}'   -- what its configuration has
);

-- One row per partition key. `open` is the count of jobs that have a place and are not final: kept here
-- because under READ COMMITTED a look at the jobs would miss a concurrent acceptance and strand the lane.
create table lane (
  lane_id       bigint generated always as identity primary key,
  account_id    integer not null,
  partition_key text collate "C" not null,
  state         text collate "C" not null default 'idle'
                check (state in ('idle', 'ready', 'queued', 'running', 'waiting', 'held')),
  reason        text,                 -- why it waits or is held
  reason_job    uuid,                 -- which job made it wait or held it
  open          integer not null default 0 check (open >= 0),
  unplaced      integer not null default 0 check (unplaced >= 0),
  last_place    bigint not null default 0,
  final_place   bigint not null default 0,  -- every job up to this place is final
  priority      smallint not null default 4,
  ready_at      timestamptz,          -- since when it is ready: the oldest goes first
  due_at        timestamptz,          -- until when it waits
  run_id        uuid,
  node_id       uuid,                 -- whose lease the run holds
  queued_at     timestamptz,
  claimed_at    timestamptz,
  attention     boolean not null default false,  -- the run's worker should look at its jobs again
  unique (account_id, partition_key)
) with (fillfactor = 70);
create index lane_ready on lane (account_id, priority desc, ready_at) where state = 'ready';
create index lane_due on lane (due_at) where state = 'waiting';
create index lane_in_flight on lane (account_id) where state in ('queued', 'running');

-- No column that changes on the way to `delivered` is indexed, so that step stays a heap-only update.
create table job (
  job_id        uuid primary key,
  account_id    integer not null,
  lane_id       bigint not null,
  place         bigint,
  source        text not null,
  action        text not null,
  object_type   text not null,
  object_ids    text[] not null,
  pending_ids   text[],               -- null: all; else what is still to be sent
  explicit_key  boolean not null,
  priority      smallint not null,
  traceparent   text,
  not_before    timestamptz,
  accepted_at   timestamptz not null default hub_now(),
  state         text collate "C" not null
                check (state in ('scheduled', 'gated', 'waiting', 'delivered', 'dead', 'filtered', 'superseded', 'cancelled')),
  reason        text,                 -- the last word about it
  attempts      integer not null default 0,   -- calls made
  failures      integer not null default 0,   -- of those, how many count against the policy since acceptance or replay
  throttles     integer not null default 0,
  delays        integer not null default 0,   -- in a row, before a call: the Metadata API was away
  lost          integer not null default 0,   -- claims lost with their node
  failing_since timestamptz,
  finished_at   timestamptz,
  cancel_asked  text,                 -- by whom; seen by the run that holds the job
  gates         boolean not null default false,  -- another job waits for this one
  scheduled_at  timestamptz,          -- set while scheduled
  behind        uuid,                 -- set while gated: the job it waits for
  deaths        integer not null default 0,
  died_at       timestamptz,          -- set while dead
  letter_due    boolean not null default false,  -- dead, and its dead letter is not sent yet
  letter_taken  timestamptz                      -- since when somebody is sending it
) with (fillfactor = 80);
create index job_lane on job (lane_id, place);
create index job_account on job (account_id, job_id);
-- Jobs of an object: nearly all have one id (cheap to keep), the rest are in the second index.
create index job_object on job (account_id, object_type, (object_ids[1]), job_id) where cardinality(object_ids) = 1;
create index job_objects on job using gin (object_ids) where cardinality(object_ids) > 1;
create index job_scheduled on job (scheduled_at) where scheduled_at is not null;
create index job_behind on job (behind) where behind is not null;
create index job_dead on job (account_id, job_id) where died_at is not null;
create index job_letter on job (job_id) where letter_due;

-- Every job of an account that names the object.
create function jobs_of(account integer, type text, id text) returns setof job language sql stable as $$
  select * from job
  where account_id = account and object_type = type and object_ids[1] = id and cardinality(object_ids) = 1
  union all
  select * from job
  where cardinality(object_ids) > 1 and object_ids @> array[id] and account_id = account and object_type = type
$$;

-- One row per call of a connector; written once.
create table attempt (
  job_id        uuid not null,
  number        integer not null,
  started_at    timestamptz not null,
  took_ms       integer not null,
  outcome       text not null,
  status        integer,
  detail        text,
  next_at       timestamptz,
  node_id       uuid,
  primary key (job_id, number)
);

-- What else happened to a job: delays before a call, operators' words, crashes.
create table job_event (
  job_id        uuid not null,
  at            timestamptz not null default hub_now(),
  kind          text not null,
  detail        text,
  actor         text
);
create index job_event_job on job_event (job_id, at);

-- Replays of many dead jobs at once, carried out step by step.
create table bulk_replay (
  replay_id     uuid primary key,
  actor         text not null,
  subscription  text,
  channel       text,
  reason        text,
  died_from     timestamptz,
  died_to       timestamptz not null,
  started_at    timestamptz not null default hub_now(),
  replayed      integer not null default 0,
  finished      boolean not null default false
);

-- The first answer to an idempotency key.
create table acceptance (
  subscription    text collate "C" not null,
  source          text collate "C" not null,
  idempotency_key text collate "C" not null,
  fingerprint     bytea not null,
  receipts        jsonb not null,
  accepted_at     timestamptz not null default hub_now(),
  primary key (subscription, source, idempotency_key)
);
create index acceptance_age on acceptance (accepted_at);

-- API keys: only their SHA-256 is kept (a key has 256 random bits, so a slow hash adds nothing).
create table access_key (
  key_id        uuid primary key,
  name          text not null,
  hash          bytea not null unique,
  role          text not null check (role in ('producer', 'viewer', 'operator', 'admin')),
  subscriptions text[],               -- null: all
  created_at    timestamptz not null default hub_now(),
  revoked_at    timestamptz
);
