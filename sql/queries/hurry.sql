-- For the rest of this transaction no statement takes longer than $1 milliseconds.
select set_config('statement_timeout', $1, true)
