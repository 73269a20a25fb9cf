module example.org/courier/agent

go 1.22
