-- who has a telephone number: asked whenever one is found
create index observation_number on observation (workspace_id, value) where field = 'phone';
