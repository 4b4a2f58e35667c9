//go:build ringlet_faults

package gateway

const faultsBuilt = true
