package docker

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/docker/docker/api/types/mount"

	"github.com/hearth-faas/hearth/worker/engine"
)

// filesSuffix follows the path of a container's socket folder in that of the
// folder with its files, which the container does not see as a whole.
const filesSuffix = "-files"

// writeFiles writes the files of a container, under numbers in the order of
// their paths. They are for whoever the image's user is; the folder above lets
// in nobody else on this host.
func writeFiles(dir string, files map[string][]byte) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return fmt.Errorf("make folder of files: %w", err)
	}
	for i, path := range slices.Sorted(maps.Keys(files)) {
		file := numbered(dir, i)
		err := os.WriteFile(file, files[path], 0o400)
		if err == nil {
			err = os.Chmod(file, 0o444) // whatever the umask is
		}
		if err != nil {
			return fmt.Errorf("write %s for a container: %w", path, err)
		}
	}
	return nil
}

// fileMounts are the mounts of the files, each by itself, so that they lie
// beside what the image has in the same folder. dir is the socket folder.
func fileMounts(spec engine.Spec, dir string) []mount.Mount {
	var mounts []mount.Mount
	for i, path := range slices.Sorted(maps.Keys(spec.Files)) {
		mounts = append(mounts, mount.Mount{Type: mount.TypeBind, Source: numbered(dir+filesSuffix, i), Target: path, ReadOnly: true})
	}
	return mounts
}

func numbered(dir string, i int) string { return filepath.Join(dir, strconv.Itoa(i)) }
