package elarian_test

import (
	"errors"
	"fmt"

	"github.com/elarian-go/elarian"
)

// Amounts are exact. What a person types may be none, and says so.
func ExampleCash() {
	price := elarian.KES("0.10")
	fmt.Println(price.Add(elarian.KES("0.20")))
	fmt.Println(elarian.MinorUnits("KES", 1_000_000_00), elarian.NewCash("UGX", "5000"))

	typed := elarian.KES("a hundred")
	fmt.Println(errors.Is(typed.Err(), elarian.ErrInvalidRequest), typed.Err())
	// Output:
	// KES 0.30
	// KES 1,000,000.00 UGX 5,000
	// true invalid request: "a hundred" is no amount: write digits and a point, such as 1000 or 1000.50
}
