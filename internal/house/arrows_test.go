package house

// This file is the map of the packages as a table. Imports point downwards only:
//
//	cmd/herald
//	    internal/app                                           wiring and lifecycle
//	    internal/bench · internal/demo                         drive it from outside, through client
//	        api · internal/web · workflows · internal/telegram · internal/sms · internal/translate
//	        internal/postgres · internal/sandbox · internal/embedded        adapters: each knows one outside thing
//	            internal/messaging · internal/inbox · internal/bots · internal/policy · internal/files · internal/accounts · rules        use cases
//	                internal/gateway                           the words, the ports, pure policy
//
// A package of the product that has no row is a finding too: a new package is put on the map first.

// The groups that rows speak about.
var (
	// leaves are small packages without I/O of their own, open to use cases, adapters and wiring.
	leaves = parts("internal/gateway", "internal/phone", "internal/seal", "internal/language", "internal/phrase", "internal/roster")

	// outsideIn is what a program needs to drive an installation that runs already, and to tell about it.
	outsideIn = parts("client", "internal/sandbox/controlclient", "internal/installation", "internal/terminal")

	// useCases know gateway and its ports, never a driver.
	useCases = parts("internal/messaging", "internal/inbox", "internal/bots", "internal/policy", "internal/files", "internal/accounts", "rules")

	// adapters each wrap one thing outside of the program. They never import one another: wiring joins them.
	adapters = parts(
		"api", "internal/web", "workflows", "internal/telegram", "internal/sms", "internal/translate",
		"internal/postgres", "internal/sandbox", "internal/embedded",
	)
)

// arrow is the row of one package tree: which of our own package trees it may import.
type arrow struct {
	// from is the tree that the row rules. The longest matching row counts. Packages of one row may import one another.
	from string
	// to are the trees that the code of from may import.
	to []string
	// tests are the trees that its _test.go files may import besides.
	tests []string
	// because says in one sentence what the row protects.
	because string
}

// arrows is the whole map.
var arrows = []arrow{
	{
		from: ".", to: nil,
		because: "the root folder holds deps.go, which keeps the pinned modules and is never built",
	},
	{
		from: "cmd/herald", to: join(parts("dsl", "rules", "internal/policy", "internal/app", "internal/bench", "internal/demo", "internal/sandbox"), outsideIn, leaves),
		because: "commands turn flags into options and answers into text; of the adapters only the sandbox also runs alone",
	},
	{
		from: "internal/app", to: join(adapters, useCases, leaves), tests: parts("client"),
		because: "wiring is the only place that sees both a port and its driver",
	},
	{
		from: "internal/bench", to: join(parts("internal/app", "internal/sandbox", "internal/bench/figure", "internal/postgres/crowd"), outsideIn, leaves),
		because: "a benchmark drives the program from outside, as its users do; a crowd is what no user brings along in a minute",
	},
	{
		from: "internal/bench/match", to: parts("dsl", "internal/bench/figure"),
		because: "the cost of rules is the language's alone; a module outside of this one shares it",
	},
	{
		from: "internal/bench/figure", to: nil,
		because: "figures know no benchmark",
	},
	{
		from: "internal/bench/cel", to: parts("internal/bench/match", "internal/bench/figure"),
		because: "a module of its own that adds a rival to the match",
	},
	{
		from: "internal/demo", to: join(outsideIn, leaves), tests: parts("internal/app", "internal/sandbox"),
		because: "the demo drives the program from outside, as its users do",
	},
	{
		from: "internal/installation", to: leaves,
		because: "it finds a running installation by what that left in its data folder",
	},
	{
		from: "internal/terminal", to: nil,
		because: "tables know columns, not messages",
	},
	{
		from: "internal/e2e", to: nil,
		tests:   join(parts("client", "internal/sandbox", "internal/embedded"), leaves),
		because: "stories run against the built program; a PostgreSQL and a Temporal that they stop and start are the outside world",
	},
	{
		from: "examples", to: parts("client"), tests: parts("dsl", "rules", "internal/language", "internal/app", "internal/sandbox"),
		because: "an example may use only what its reader can import too; its tests check it as the program does, and play it against all of Herald",
	},
	{
		from: "internal/reference", to: parts("dsl", "rules", "internal/language"),
		because: "the reference is made of the language as the program runs it",
	},
	{
		from: "internal/house", to: nil,
		because: "checks read the repository's files, not its packages",
	},

	// Adapters. Their tests may stand on a real database and on the sandbox instead of on mocks.
	{
		from: "api", to: join(useCases, parts("dsl"), leaves), tests: join(edges, parts("client", "internal/sms", "internal/translate")),
		because: "HTTP turns requests into use cases and errors into problem+json",
	},
	{
		from: "internal/web", to: join(useCases, leaves), tests: edges,
		because: "the account page calls the same use cases as the API",
	},
	{
		from: "workflows", to: join(useCases, leaves), tests: join(edges, parts("internal/sms")),
		because: "workflows order the steps; the steps themselves are use cases",
	},
	{
		from: "internal/telegram", to: leaves, tests: edges,
		because: "the Bot API client knows how to send and receive, not why",
	},
	{
		from: "internal/sms", to: leaves, tests: edges,
		because: "a provider knows how to send, not why",
	},
	{
		from: "internal/translate", to: leaves, tests: edges,
		because: "a translator knows texts, not messages",
	},
	{
		from: "internal/postgres", to: join(useCases, leaves), tests: parts("internal/postgres/postgrestest"),
		because: "the store fills the ports that gateway and the use cases declare",
	},
	{
		from: "internal/postgres/postgrestest", to: join(parts("internal/postgres", "internal/embedded/pgserver"), leaves),
		because: "it gives tests a real database, so it starts a server and knows the migrations, and nothing else",
	},
	{
		from: "internal/postgres/crowd", to: join(parts("internal/postgres", "internal/embedded/pgserver"), leaves), tests: parts("internal/postgres/postgrestest"),
		because: "it gives benchmarks a real database full of people, so it starts a server and knows the tables, and nothing else",
	},
	{
		from: "internal/sandbox", to: parts("internal/phone"), tests: parts("internal/sandbox/controlclient"),
		because: "the sandbox is somebody else's network: it knows nothing of Herald and serves other people's bots too",
	},
	{
		from: "internal/sandbox/controlclient", to: nil, tests: parts("internal/sandbox"),
		because: "it plays people in a sandbox over HTTP, so that stories and demos need not run one in their process",
	},
	{
		from: "internal/embedded", to: nil,
		because: "a private PostgreSQL and Temporal are of no business domain; only this tree may compile Temporal's server",
	},

	// Use cases.
	{
		from: "internal/messaging", to: join(parts("internal/accounts"), leaves), tests: edges,
		because: "accepting a message reserves its price",
	},
	{
		from: "internal/inbox", to: join(parts("internal/messaging", "rules", "dsl"), leaves), tests: edges,
		because: "what a person writes runs through the rules, and a reply is a message like any other",
	},
	{
		from: "internal/bots", to: leaves, tests: edges,
		because: "bots and their subscribers stand on their own",
	},
	{
		from: "internal/policy", to: join(parts("dsl"), leaves), tests: edges,
		because: "what shared bots carry is decided by rules, whoever sends and stores",
	},
	{
		from: "internal/files", to: leaves, tests: edges,
		because: "what is uploaded stands on its own; messages name it by id",
	},
	{
		from: "internal/accounts", to: leaves, tests: edges,
		because: "accounts, keys and prices stand on their own",
	},
	{
		from: "rules", to: join(parts("dsl"), leaves), tests: edges,
		because: "the language meets Herald's words here and nowhere else",
	},

	// The ground. These are closed: their tests are as free of us as they are.
	{
		from: "internal/gateway", to: nil,
		because: "the words of the product import the standard library only",
	},
	{
		from: "internal/phone", to: parts("internal/gateway"),
		because: "phone numbers are parsed in one place",
	},
	{
		from: "internal/seal", to: parts("internal/gateway"),
		because: "tokens and phones at rest are sealed in one place",
	},
	{
		from: "internal/language", to: nil,
		because: "the language of a text is found in one place, from the text alone",
	},
	{
		from: "internal/roster", to: parts("internal/gateway"),
		because: "files of people are cut into rows in one place, which knows their columns and not what may stand in them",
	},
	{
		from: "internal/phrase", to: nil,
		because: "what bots say by themselves is found in one place, by key and language",
	},
	{
		from: "dsl", to: nil,
		because: "the rule language knows no message and does no I/O",
	},
	{
		from: "client", to: nil,
		because: "other people's programs import it, and nothing internal may reach them",
	},
}

// edges are what the tests of use cases and adapters may stand on: the real store on a real database, and the real client
// of the messenger with the sandbox as the world outside.
var edges = parts("internal/postgres", "internal/telegram", "internal/sandbox")

// outsider is the row of one outside module: which of our package trees may import it.
type outsider struct {
	// path is an import path; everything below it is meant too. The longest matching row counts.
	path string
	// in are our trees whose code may import it, tests those whose tests may besides.
	in, tests []string
	because   string
}

// everywhere stands for all packages that are not closed.
var everywhere = parts("*")

// outsiders lists the modules that must not spread. A module without a row may be imported where it is of use, except
// by the closed packages.
var outsiders = []outsider{
	{
		path: "go.temporal.io/server", in: parts("internal/embedded"),
		because: "compiling Temporal's server takes minutes: one package pays, and a build tag leaves it out",
	},
	{
		path: "go.temporal.io/sdk", in: parts("workflows", "internal/app", "internal/bench"),
		tests:   parts("internal/embedded/temporalserver", "internal/e2e"),
		because: "workflows are the only code that is written for Temporal",
	},
	{
		path: "go.temporal.io/api", in: parts("workflows", "internal/app", "internal/bench", "internal/embedded"),
		tests:   parts("internal/e2e"),
		because: "it comes with the SDK",
	},
	{
		path: "github.com/jackc/pgx", in: parts("internal/postgres", "internal/embedded"), tests: parts("internal/e2e"),
		because: "SQL lives in the store",
	},
	{
		path: "github.com/pressly/goose", in: parts("internal/postgres"),
		because: "migrations live in the store",
	},
	{
		path: "github.com/gin-gonic/gin", in: parts("api", "internal/web"),
		because: "the HTTP framework is a detail of the two faces that use it",
	},
	{
		path: "github.com/expr-lang/expr", in: parts("dsl", "internal/bench/match"),
		because: "rules see the language, not the expression engine under it",
	},
	{
		path: "github.com/santhosh-tekuri/jsonschema", tests: parts("dsl"),
		because: "a judge of the schema that dsl makes for editors, and nothing that the program needs",
	},
	{
		path: "github.com/go-telegram/bot", in: parts("internal/telegram"), tests: parts("internal/sandbox"),
		because: "one package speaks to the messenger",
	},
	{
		path: "github.com/nyaruka/phonenumbers", in: parts("internal/phone"),
		because: "phone numbers are parsed in one place",
	},
	{
		path: "github.com/tink-crypto/tink-go", in: parts("internal/seal"),
		because: "cryptography lives in one place",
	},
	{
		path: "cloud.google.com/go", in: parts("internal/translate"),
		because: "one package asks Google",
	},
	{
		path: "google.golang.org/api", in: parts("internal/translate"),
		because: "it comes with Google's clients",
	},
	{
		path: "github.com/alecthomas/kong", in: parts("cmd/herald"),
		because: "flags belong to commands",
	},
	{
		path: "github.com/stretchr/testify", because: "testify/require and nothing else of it",
	},
	{path: "github.com/stretchr/testify/require", tests: everywhere, because: "it is for tests"},
	{path: "go.uber.org/goleak", tests: everywhere, because: "it is for tests"},
	{path: "pgregory.net/rapid", tests: everywhere, because: "it is for tests"},
	{path: "github.com/rogpeppe/go-internal", tests: everywhere, because: "it is for tests"},
	{path: "github.com/chromedp", tests: everywhere, because: "it is for tests"},
	{path: "testing", tests: everywhere, because: "it is for tests"},
}

// closed lists the packages whose code may import only the standard library and the modules named here. Their tests may
// import modules for tests besides.
var closed = map[string][]string{
	"internal/gateway":  nil,
	"internal/language": nil,
	"internal/phrase":   nil,
	// The rule language compares words of people, so that it needs Unicode's table of what composes with what.
	"dsl":    parts("github.com/expr-lang/expr", "go.yaml.in/yaml", "golang.org/x/text/unicode/norm"),
	"client": parts("github.com/oapi-codegen/runtime", "github.com/google/uuid"),
}

func parts(paths ...string) []string { return paths }

func join(groups ...[]string) []string {
	var all []string
	for _, group := range groups {
		all = append(all, group...)
	}
	return all
}
