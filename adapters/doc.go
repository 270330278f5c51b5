// Package adapters is the root of the module that holds what the SDK itself
// must not depend on: databases, job engines and drivers of student systems. Each
// adapter is a package below this one, gives values of package sis, and imports
// public packages of the SDK only.
package adapters
