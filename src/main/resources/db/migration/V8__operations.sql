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
