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

-- A word of the producer's own, handed on with what is told of the job.
alter table job add column correlation_id text;

-- Who is told of the ends of an account's jobs: 'topic', 'webhook'. What is asked of a job was so when it was accepted.
alter table account add column tells text[] not null default '{}';
alter table job add column tells boolean not null default false;

-- Ends of jobs that are to be told, in the transaction that ended them: the outbox.
create table ending (
  subscription  text collate "C" not null,
  listener      text collate "C" not null,
  number        bigint generated always as identity,
  at            timestamptz not null default hub_now(),
  event         json not null,
  primary key (subscription, listener, number)
);

-- Who tells a subscription's listener: one node at a time, so that the order is kept.
create table ending_teller (
  subscription  text collate "C" not null,
  listener      text collate "C" not null,
  taken_until   timestamptz,
  failures      integer not null default 0,  -- in a row
  next_at       timestamptz,                 -- after a failure
  primary key (subscription, listener)
);

create function note_ending() returns trigger language plpgsql as $$
begin
  insert into ending (subscription, listener, event)
  select a.subscription, l, json_strip_nulls(json_build_object(
    'job', new.job_id, 'subscription', a.subscription, 'source', new.source, 'channel', a.channel, 'action', new.action,
    'objectType', new.object_type, 'objectIds', new.object_ids, 'state', new.state, 'reason', new.reason,
    'attempts', new.attempts, 'acceptedAt', new.accepted_at, 'finishedAt', coalesce(new.finished_at, hub_now()),
    'batch', new.batch_id, 'correlationId', new.correlation_id))
  from account a, unnest(a.tells) l where a.account_id = new.account_id;
  return null;
end $$;
-- Not by batch_open: a trigger's condition is prepared anew in each statement, functions in it too.
create trigger ending_of_job after update of state on job for each row
  when (new.tells and new.state <> old.state and new.state not in ('scheduled', 'gated', 'waiting'))
  execute function note_ending();

-- Of its queue in the broker, as it was seen there: runs still go into it, as far as the window allows, and wait there.
alter table connector add column queue_paused boolean not null default false;

create function connector_paused_until(c connector) returns timestamptz language sql stable as $$
  select case when c.queue_paused then 'infinity' else c.paused_until end
$$;

create function connector_paused_reason(c connector) returns text language sql stable as $$
  select case when c.queue_paused then 'its queue egression.connector.' || c.connector || ' is paused in the broker'
    else c.paused_reason end
$$;

-- What becomes of a run whose message was removed from the broker.
alter table connector add column discards_removed boolean not null default false;
alter table lane add column queued_to bigint;  -- if they are discarded: the place of the run's last job
