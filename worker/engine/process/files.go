package process

import (
	"fmt"
	"os"
	"path/filepath"
)

// writeFiles writes the files of a process below its folder, as the root of
// the file system is not its own.
func writeFiles(dir string, files map[string][]byte) error {
	for path, content := range files {
		file := filepath.Join(dir, filepath.Clean("/"+path))
		err := os.MkdirAll(filepath.Dir(file), 0o700)
		if err == nil {
			err = os.WriteFile(file, content, 0o400)
		}
		if err != nil {
			return fmt.Errorf("write %s for a process: %w", path, err)
		}
	}
	return nil
}
