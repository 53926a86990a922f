module spigot.dev/go/spigot

go 1.22
