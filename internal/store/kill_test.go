package store_test

const loadEnv = "ELARIAN_STORE_LOAD"

func loadUntilKilled(string) {}
