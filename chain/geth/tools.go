//go:build tools

// Package geth pins what the build needs: importing the command keeps go.sum complete for it.
package geth

import _ "github.com/ethereum/go-ethereum/cmd/geth"
