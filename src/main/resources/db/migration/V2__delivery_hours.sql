-- When an account's jobs are delivered, if not always: the present interval, or the next one. Whichever node sees first that
-- it is over writes the next.
alter table account
  add column hours text,              -- in words
  add column open_from timestamptz,   -- null: always
  add column open_to timestamptz;

-- Until when no call of the account starts, by a pause or by its hours; null or past: it may.
create function account_paused_until(a account) returns timestamptz language sql stable as $$
  select greatest(a.paused_until, case
    when hub_now() < a.open_from then a.open_from
    when hub_now() >= a.open_to then hub_now() + interval '1 second' end)
$$;

create function account_paused_reason(a account) returns text language sql stable as $$
  select case
    when a.paused_until > hub_now() or a.open_from is null then a.paused_reason
    else 'outside its delivery hours: ' || a.hours end
$$;
