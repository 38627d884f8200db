-- When recurring jobs are made next; whichever node is first makes them, under an idempotency key of their time.
create table schedule (
  schedule      text collate "C" primary key,
  definition    text not null,          -- hash of what decides when
  next_at       timestamptz not null,
  last_at       timestamptz,            -- the time for which jobs were made last
  last_error    text
);
