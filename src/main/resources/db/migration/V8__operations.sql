-- What happened to an account's jobs, minute by minute, on all nodes: written every few seconds, kept for a day. It is for
-- looking at: a node that is killed loses the last seconds of it, and nothing is decided by it.
create table activity (
  account_id    integer not null,
  minute        timestamptz not null,
  accepted      integer not null,
  calls         integer not null,
  delivered     integer not null,
  failed        integer not null,     -- calls that failed
  throttled     integer not null,     -- calls that the connector refused for their number
  dead          integer not null,
  primary key (account_id, minute)
);

-- Who did what to accounts, connectors, keys and many jobs at once; what was done to one job is in job_event.
create table audit (
  number        bigint generated always as identity primary key,
  at            timestamptz not null default hub_now(),
  actor         text not null,        -- the key's name
  action        text not null,
  subscription  text collate "C",     -- null: it concerns all
  subject       text not null
);

-- What somebody is woken for, told once, by one node. It ends, and may begin again a minute later.
create table notice (
  kind          text collate "C" not null,
  subject       text collate "C" not null,
  text          text not null,
  began_at      timestamptz not null default hub_now(),
  taken_at      timestamptz,            -- since when a node is telling it
  told_at       timestamptz,
  ended_at      timestamptz,
  primary key (kind, subject)
);

-- Dead jobs that match are discarded instead.
alter table bulk_replay add column discard boolean not null default false;
