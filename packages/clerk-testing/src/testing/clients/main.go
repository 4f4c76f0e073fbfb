// The official Go client against an offline Clerk.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/clerk/clerk-sdk-go/v2"
	"github.com/clerk/clerk-sdk-go/v2/jwt"
	"github.com/clerk/clerk-sdk-go/v2/organization"
	"github.com/clerk/clerk-sdk-go/v2/organizationmembership"
	"github.com/clerk/clerk-sdk-go/v2/session"
	"github.com/clerk/clerk-sdk-go/v2/user"
)

func check(name string, err error) {
	if err != nil {
		fmt.Printf("%s: %v\n", name, err)
		os.Exit(1)
	}
}

func main() {
	ctx := context.Background()
	clerk.SetBackend(clerk.NewBackend(&clerk.BackendConfig{
		Key: clerk.String(os.Getenv("CLERK_SECRET_KEY")),
		URL: clerk.String(os.Getenv("CLERK_API_URL") + "/v1"),
	}))
	made, err := user.Create(ctx, &user.CreateParams{
		EmailAddresses: &[]string{"ada@go.example"},
		FirstName:      clerk.String("Ada"),
	})
	check("create user", err)
	_, err = user.Update(ctx, made.ID, &user.UpdateParams{LastName: clerk.String("Lovelace")})
	check("update user", err)
	users, err := user.List(ctx, &user.ListParams{EmailAddresses: []string{"ada@go.example"}})
	check("list users", err)
	if users.TotalCount != 1 || *users.Users[0].LastName != "Lovelace" {
		check("list users", fmt.Errorf("%d users", users.TotalCount))
	}
	org, err := organization.Create(ctx, &organization.CreateParams{Name: clerk.String("Go"), CreatedBy: clerk.String(made.ID)})
	check("create organization", err)
	members, err := organizationmembership.List(ctx, &organizationmembership.ListParams{OrganizationID: org.ID})
	check("list members", err)
	if members.TotalCount != 1 {
		check("list members", fmt.Errorf("%d members", members.TotalCount))
	}
	_, err = session.List(ctx, &session.ListParams{UserID: clerk.String(made.ID)})
	check("list sessions", err)
	claims, err := jwt.Verify(ctx, &jwt.VerifyParams{Token: os.Getenv("SESSION_TOKEN")})
	check("verify a token", err)
	fmt.Println("signed in as", claims.Subject)
	_, err = organization.Delete(ctx, org.ID)
	check("delete organization", err)
	_, err = user.Delete(ctx, made.ID)
	check("delete user", err)
	_, err = user.Get(ctx, made.ID)
	if err == nil {
		check("get a deleted user", fmt.Errorf("was found"))
	}
	fmt.Println("passed")
}
