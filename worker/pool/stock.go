package pool

import "time"

// restock is the pause after a start for the stock that failed.
const restock = 30 * time.Second

// stock is a Stock and what keeps it from being filled.
type stock struct {
	Stock
	after time.Time // no start before
}

// replenish starts a container for the stock that lacks one, as long as
// nobody waits, nothing else starts, and memory is there without evicting.
func (p *Pool) replenish(now time.Time) {
	if len(p.waiters) > 0 || p.starting+len(p.starts) > 0 {
		return
	}
	for _, s := range p.stock {
		if now.Before(s.after) || p.used+s.Memory > p.opt.Memory || p.inStock(s.Image) >= s.Count {
			continue
		}
		p.enter(&container{image: s.Image, slots: 1, since: now})
		return
	}
}

// inStock counts the containers of the image that hold no action.
func (p *Pool) inStock(i Image) int {
	n := 0
	for c := range p.all {
		if c.key == (Key{}) && c.image == i && c.state != removing {
			n++
		}
	}
	return n
}

// backOff delays the next start for the stock of the image.
func (p *Pool) backOff(i Image) {
	for _, s := range p.stock {
		if s.Image == i {
			s.after = time.Now().Add(restock)
		}
	}
}
