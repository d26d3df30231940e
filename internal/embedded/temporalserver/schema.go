//go:build !noembed

package temporalserver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.temporal.io/server/common/log"
	v12 "go.temporal.io/server/schema/postgresql/v12"
	"go.temporal.io/server/tools/common/schema"
	"golang.org/x/sync/errgroup"

	"herald/internal/embedded"
)

// store is one of Temporal's two databases.
type store struct {
	database string
	// schemaName is the folder of the schema inside Temporal's module.
	schemaName string
	// version is the schema that this server needs.
	version string
}

var (
	mainStore       = store{database: "temporal", schemaName: "postgresql/v12/temporal", version: v12.Version}
	visibilityStore = store{database: "temporal_visibility", schemaName: "postgresql/v12/visibility", version: v12.VisibilityVersion}
)

// setUpSchemas creates both databases and brings their schemas up to date.
func setUpSchemas(ctx context.Context, address databaseAddress, logger log.Logger) error {
	for _, s := range []store{mainStore, visibilityStore} {
		// One after the other: PostgreSQL copies its template database for one at a time.
		if err := embedded.EnsureDatabase(ctx, address.of(address.resolved.Database), s.database); err != nil {
			return err
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range []store{mainStore, visibilityStore} {
		group.Go(func() error {
			if err := s.setUp(ctx, address.of(s.database), logger); err != nil {
				return fmt.Errorf("set up database %s: %w", s.database, err)
			}
			return nil
		})
	}
	return group.Wait()
}

func (s store) setUp(ctx context.Context, databaseURL string, logger log.Logger) error {
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if version, err := readVersion(ctx, conn, s.database); err != nil || version != s.version {
		if err := s.update(ctx, conn, logger); err != nil {
			return err
		}
	}
	if s == visibilityStore {
		return dropUnusedIndexes(ctx, conn)
	}
	return nil
}

// update brings the schema up to date.
func (s store) update(ctx context.Context, conn *pgx.Conn, logger log.Logger) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		db := &schemaTx{ctx: ctx, tx: tx, database: s.database}
		set := schema.NewSetupSchemaTask(db, &schema.SetupConfig{InitialVersion: "0.0"}, logger)
		if err := set.Run(); err != nil {
			return fmt.Errorf("create version tables: %w", err)
		}
		update := schema.NewUpdateSchemaTask(db, &schema.UpdateConfig{DBName: s.database, SchemaName: s.schemaName}, logger)
		if err := update.Run(); err != nil {
			return fmt.Errorf("update schema: %w", err)
		}
		return nil
	})
}

// usedIndexes are those of the lists that the Temporal UI and `temporal workflow list` show: all, by id, by type, by status,
// and Schedules. The other sixty are for search attributes that nobody sets here. Each workflow is written to all of them, twice.
var usedIndexes = []string{
	"executions_visibility_pkey", "default_idx", "by_workflow_id", "by_workflow_type", "by_status", "by_temporal_namespace_division",
}

// dropUnusedIndexes drops the indexes of Temporal's list of workflows that serve no list here. Queries by other attributes
// go on to work: they read what the remaining ones find.
func dropUnusedIndexes(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `
		SELECT quote_ident(indexname) FROM pg_indexes
		WHERE schemaname = current_schema AND tablename = 'executions_visibility' AND NOT indexname = ANY ($1)`, usedIndexes)
	if err != nil {
		return fmt.Errorf("list indexes: %w", err)
	}
	unused, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list indexes: %w", err)
	}
	if len(unused) == 0 {
		return nil
	}
	if _, err := conn.Exec(ctx, "DROP INDEX "+strings.Join(unused, ", ")); err != nil {
		return fmt.Errorf("drop unused indexes: %w", err)
	}
	return nil
}

type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// readVersion fails on a database without version tables, which an empty one is.
func readVersion(ctx context.Context, db querier, database string) (string, error) {
	var version string
	err := db.QueryRow(ctx, "SELECT curr_version FROM schema_version WHERE version_partition = 0 AND db_name = $1", database).Scan(&version)
	return version, err
}

// schemaTx lets Temporal's schema tool work inside one transaction. It implements schema.DB, whose methods take no
// context: hence the field.
type schemaTx struct {
	ctx      context.Context
	tx       pgx.Tx
	database string
}

var _ schema.DB = (*schemaTx)(nil)

// Exec runs one statement. A transaction cannot build an index concurrently and has no need to: nobody else uses the
// database yet. An index that is to be dropped may have been dropped already, as an unused one.
func (s *schemaTx) Exec(statement string, args ...any) error {
	if len(args) == 0 {
		statement = strings.ReplaceAll(statement, "INDEX CONCURRENTLY", "INDEX")
		statement = strings.ReplaceAll(statement, "DROP INDEX by_", "DROP INDEX IF EXISTS by_")
		// The simple protocol saves a round trip for each of the many statements.
		_, err := s.tx.Exec(s.ctx, statement, pgx.QueryExecModeSimpleProtocol)
		return err
	}
	_, err := s.tx.Exec(s.ctx, statement, args...)
	return err
}

// CreateSchemaVersionTables makes the tables in which Temporal looks for its schema's version.
func (s *schemaTx) CreateSchemaVersionTables() error {
	return s.Exec(`
		CREATE TABLE IF NOT EXISTS schema_version (
			version_partition      INT NOT NULL,
			db_name                VARCHAR(255) NOT NULL,
			creation_time          TIMESTAMP,
			curr_version           VARCHAR(64),
			min_compatible_version VARCHAR(64),
			PRIMARY KEY (version_partition, db_name)
		);
		CREATE TABLE IF NOT EXISTS schema_update_history (
			version_partition INT NOT NULL,
			year              INT NOT NULL,
			month             INT NOT NULL,
			update_time       TIMESTAMP NOT NULL,
			description       VARCHAR(255),
			manifest_md5      VARCHAR(64),
			new_version       VARCHAR(64),
			old_version       VARCHAR(64),
			PRIMARY KEY (version_partition, year, month, update_time)
		);`)
}

// ReadSchemaVersion returns an error when no version is noted yet; the tool takes that for version 0.0.
func (s *schemaTx) ReadSchemaVersion() (string, error) {
	return readVersion(s.ctx, s.tx, s.database)
}

// UpdateSchemaVersion notes the version that the schema has reached.
func (s *schemaTx) UpdateSchemaVersion(version, minCompatibleVersion string) error {
	return s.Exec(`
		INSERT INTO schema_version (version_partition, db_name, creation_time, curr_version, min_compatible_version)
		VALUES (0, $1, $2, $3, $4)
		ON CONFLICT (version_partition, db_name) DO UPDATE
		SET creation_time = excluded.creation_time,
		    curr_version = excluded.curr_version,
		    min_compatible_version = excluded.min_compatible_version`,
		s.database, time.Now().UTC(), version, minCompatibleVersion)
}

// WriteSchemaUpdateLog notes one step from version to version.
func (s *schemaTx) WriteSchemaUpdateLog(oldVersion, newVersion, manifestMD5, description string) error {
	now := time.Now().UTC()
	return s.Exec(`
		INSERT INTO schema_update_history (version_partition, year, month, update_time, old_version, new_version, manifest_md5, description)
		VALUES (0, $1, $2, $3, $4, $5, $6, $7)`,
		now.Year(), int(now.Month()), now, oldVersion, newVersion, manifestMD5, description)
}

// DropAllTables is for the tool's option to overwrite, which is never set.
func (s *schemaTx) DropAllTables() error {
	return errors.New("dropping all tables is not supported")
}

// Close leaves the transaction to its owner.
func (s *schemaTx) Close() {}

// Type is what Temporal calls every database that is not Cassandra.
func (s *schemaTx) Type() string { return "sql" }

// databaseRefusal makes the commonest refusals readable.
func databaseRefusal(err error) error {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "42501" {
		return fmt.Errorf("the database user may not create databases: GRANT it CREATEDB, or create %s and %s for it: %w",
			mainStore.database, visibilityStore.database, err)
	}
	return err
}
