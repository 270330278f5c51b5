package soap

// Nonces returns how many nonces v remembers.
func (v *TokenVerifier) Nonces() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.nonces)
}
