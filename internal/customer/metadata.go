package customer

// UpdateMetadata merges by key.
func (c *Customer) UpdateMetadata(updates map[string]Value, limits Limits) error {
	if len(updates) == 0 {
		return Refuse(InvalidRequest, "updates: empty")
	}
	keys, size := len(c.Metadata), 0
	hadKeys, hadSize := keys, 0 // these may be over the limits, by an adoption
	for k, v := range c.Metadata {
		hadSize += len(k) + len(v.Data)
		if _, replaced := updates[k]; !replaced {
			size += len(k) + len(v.Data)
		}
	}
	for k, v := range updates {
		if err := limits.checkKey("updates", k); err != nil {
			return err
		}
		if err := limits.checkValue("updates", k, len(v.Data)); err != nil {
			return err
		}
		if _, replaced := c.Metadata[k]; !replaced {
			keys++
		}
		size += len(k) + len(v.Data)
	}
	if keys > max(limits.MetadataKeys, hadKeys) {
		return Refuse(LimitReached, "updates: the customer would have %d metadata keys, over the limit of %d", keys, limits.MetadataKeys)
	}
	if size > max(limits.MetadataBytes, hadSize) {
		return Refuse(LimitReached, "updates: the customer would have %d bytes of metadata, over the limit of %d", size, limits.MetadataBytes)
	}
	if c.Metadata == nil {
		c.Metadata = make(map[string]Value, len(updates))
	}
	for k, v := range updates {
		c.Metadata[k] = v
	}
	return nil
}

// DeleteMetadata takes away the keys; absent ones are no error.
func (c *Customer) DeleteMetadata(keys []string) {
	for _, k := range keys {
		delete(c.Metadata, k)
	}
}
