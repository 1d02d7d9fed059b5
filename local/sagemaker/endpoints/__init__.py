"""Models, endpoint configurations and endpoints: create, update, InvokeEndpoint, data capture, automatic scaling, idle servers."""
