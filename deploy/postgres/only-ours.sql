-- Run once, on an empty server. By default every role may enter every database: here each has its own and no other.
revoke connect on database postgres, template1 from public;
