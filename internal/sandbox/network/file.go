package network

import (
	"fmt"
	"path"
	"strings"
)

// maxFileName bounds names of uploaded files, in bytes.
const maxFileName = 200

// File is an uploaded file. Body must not be changed.
type File struct {
	ID       string `json:"id"`
	UniqueID string `json:"unique_id"`
	Name     string `json:"name,omitempty"`
	Mime     string `json:"mime,omitempty"`
	Width    int    `json:"width,omitempty"` // of photos, in pixels
	Height   int    `json:"height,omitempty"`
	Photo    bool   `json:"photo,omitempty"`
	Path     string `json:"path"` // as getFile answers
	Size     int64  `json:"size"`
	Body     []byte `json:"-"`
}

// fileShelf holds the files, oldest first.
type fileShelf struct {
	byID  map[string]*File // by id and by path
	order []*File
	size  int64
}

// AddFile keeps a file and gives it its ids. The oldest files go when the shelf is full.
func (n *Network) AddFile(f File) (*File, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f.Size = int64(len(f.Body))
	if f.Size > n.bounds.FileBytes {
		return nil, problem(Full, "file:too_big", "the file has %d bytes, the network holds %d", f.Size, n.bounds.FileBytes)
	}
	number := n.next.File
	n.next.File++
	f.UniqueID = fmt.Sprintf("AQAD%s", secret(11))
	folder, extension := "documents", path.Ext(f.Name)
	f.ID = "BQACAgIAAxkBAAI" + secret(40)
	if f.Photo {
		folder, extension = "photos", ".jpg"
		f.ID = "AgACAgIAAxkBAAI" + secret(40)
	}
	if len(extension) > 16 || strings.ContainsAny(extension, "/\\ ") {
		extension = ""
	}
	if len(f.Name) > maxFileName {
		f.Name = f.Name[:maxFileName]
	}
	f.Path = fmt.Sprintf("%s/file_%d%s", folder, number, extension)
	n.files.put(&f)
	for n.files.size > n.bounds.FileBytes {
		n.files.dropOldest()
	}
	n.version++
	return &f, nil
}

func (s *fileShelf) put(f *File) {
	s.byID[f.ID], s.byID[f.Path] = f, f
	s.order = append(s.order, f)
	s.size += f.Size
}

func (s *fileShelf) dropOldest() {
	f := s.order[0]
	s.order = s.order[1:]
	s.size -= f.Size
	delete(s.byID, f.ID)
	delete(s.byID, f.Path)
}

// File returns a file by its id or by the path that getFile answered.
func (n *Network) File(ref string) (*File, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f, ok := n.files.byID[ref]
	return f, ok
}
