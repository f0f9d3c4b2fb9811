// Package routing decides which queue a case belongs to and how urgent it is: by rules in CEL (https://cel.dev) over the facts of its
// reports. It is pure: nothing here reads a clock or a store.
package routing
