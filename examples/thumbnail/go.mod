module github.com/hearth-faas/hearth/examples/thumbnail

go 1.24
