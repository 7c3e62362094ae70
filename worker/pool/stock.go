package pool

import "time"

// restock is the pause after a start for the stock that failed.
const restock = 30 * time.Second

// demandWindow is how long a start on demand counts towards the threshold of
// a reactive stock; OpenWhisk's is as long.
const demandWindow = time.Minute

// stock is a Stock and what keeps it from being filled.
type stock struct {
	Stock
	want  int       // how many there are to be now
	after time.Time // no start before

	// of a reactive stock
	colds  int       // starts on demand in the window
	window time.Time // when that began
	raised time.Time // when there last was a reason to
}

func newStock(s Stock) *stock {
	now := time.Now()
	k := &stock{Stock: s, want: s.Count, window: now, raised: now}
	if r := s.Reactive; r != nil {
		k.want = min(max(s.Count, r.Min), r.Max)
	}
	return k
}

// demand notes that somebody waits for a container of the image which the
// stock could have spared.
func (p *Pool) demand(i Image, now time.Time) {
	for _, s := range p.stock {
		if r := s.Reactive; r != nil && s.Image == i {
			if now.Sub(s.window) >= demandWindow {
				s.colds, s.window = 0, now
			}
			if s.colds++; s.colds < r.Threshold {
				continue
			}
			s.colds, s.raised = 0, now
			s.want = min(s.want+r.Increment, r.Max)
		}
	}
}

// shrink takes reactive stocks back that were not needed, a container at a
// time.
func (p *Pool) shrink(now time.Time) {
	for _, s := range p.stock {
		if s.Reactive == nil {
			continue
		}
		if now.Sub(s.raised) >= s.Reactive.TTL {
			s.want = s.Reactive.Min
		}
		if p.removing+len(p.removals) >= expiring || p.inStock(s.Image) <= s.want {
			continue
		}
		for c := range p.all {
			if c.key == (Key{}) && c.image == s.Image && c.idle() {
				p.discard(c)
				break
			}
		}
	}
}

// replenish starts a container for the stock that lacks one, as long as
// nobody waits, nothing else starts, and memory is there without evicting.
func (p *Pool) replenish(now time.Time) {
	if len(p.waiters) > 0 || p.starting+len(p.starts) > 0 {
		return
	}
	for _, s := range p.stock {
		if now.Before(s.after) || p.used+s.Memory > p.opt.Memory || p.inStock(s.Image) >= s.want {
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
