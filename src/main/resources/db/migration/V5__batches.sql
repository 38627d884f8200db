-- Jobs that belong together: per account, the jobs of a belt wait until those of the belts before it are done.
create table batch (
  batch_id      uuid primary key,
  subscription  text collate "C" not null,
  source        text not null,
  name          text,
  belts         jsonb not null,         -- the object types of each belt, in order
  on_dead       text not null check (on_dead in ('hold', 'continue')),
  created_at    timestamptz not null default hub_now(),
  seal_due      timestamptz not null,   -- reported if it is still open then
  sealed_at     timestamptz,            -- no more jobs join
  closed_belts  smallint not null default 0, -- no more jobs join these
  late_since    timestamptz,            -- when it was reported
  cancelled_by  text,
  cancelled_to  uuid                    -- of its jobs, up to this one
);
create index batch_recent on batch (created_at);
create index batch_late on batch (seal_due) where sealed_at is null and late_since is null;
create index batch_cancelled on batch (batch_id) where cancelled_by is not null;

-- Of each account and belt how many jobs there are; changes that are not added up yet are in batch_change.
create table batch_belt (
  batch_id      uuid not null,
  account_id    integer not null,
  belt          smallint not null,      -- from 1
  total         integer not null default 0,
  open          integer not null default 0, -- neither final nor dead
  dead          integer not null default 0,
  opened_at     timestamptz,
  filled        boolean not null default false, -- opened, and none of its jobs waits for that any more
  released_by   text,                   -- goes on as if none were dead
  primary key (batch_id, account_id, belt)
) with (fillfactor = 70);
create index batch_belt_closed on batch_belt (batch_id) where opened_at is null;
create index batch_belt_filling on batch_belt (batch_id) where opened_at is not null and not filled;

-- Only added to, so that jobs that end at the same time do not wait for each other.
create table batch_change (
  batch_id      uuid not null,
  account_id    integer not null,
  belt          smallint not null,
  total         integer not null,
  open          integer not null,
  dead          integer not null
);

alter table job
  add column batch_id uuid,
  add column belt smallint,
  add column closed_belt uuid;          -- the batch whose belt it waits for
alter table job
  add column after_refs text[];         -- objects (type/id) whose earlier jobs have to end first; null: none
create index job_batch on job (batch_id, account_id, belt, job_id) where batch_id is not null;
create index job_closed_belt on job (closed_belt, account_id, belt, turn) where closed_belt is not null;

create function batch_open(state text) returns integer language sql immutable as
  $$ select (state in ('scheduled', 'gated', 'waiting'))::integer $$;

create function note_batch_change() returns trigger language plpgsql as $$
begin
  insert into batch_change values (new.batch_id, new.account_id, new.belt, 0,
    batch_open(new.state) - batch_open(old.state), (new.state = 'dead')::integer - (old.state = 'dead')::integer);
  return null;
end $$;
create trigger job_of_batch after update of state on job for each row
  when (new.batch_id is not null and new.state is distinct from old.state)
  execute function note_batch_change();

-- Whether the later belts, and the jobs after it, wait for this dead job.
create function batch_holds(b job) returns boolean language sql stable as $$
  select exists (
    select from batch x join batch_belt y using (batch_id)
    where x.batch_id = b.batch_id and x.on_dead = 'hold' and y.account_id = b.account_id and y.belt = b.belt
      and y.released_by is null)
$$;

-- Whether job g, which is behind job b, has to wait until that has ended.
create function waits_after(g job, b job) returns boolean language sql stable as $$
  select g.after_refs is not null
    and exists (select from unnest(b.object_ids) as o (id) where b.object_type || '/' || o.id = any (g.after_refs))
    and (batch_open(b.state) = 1 or (b.state = 'dead' and b.batch_id = g.batch_id and batch_holds(b)))
$$;
