-- Why: whoever is tagged is looked for among a million people. The index of the arrays of tags serves nobody under row-level
-- security: what it compares with may tell about rows that are not shown. So each tag of a person stands in a row of its own, in the
-- order in which lists read it, kept by the database itself. Those who left and groups are few in most bots, and get indexes of
-- their own.

-- +goose Up

CREATE TABLE person_tags (
    account_id    text NOT NULL, -- as in person_states, from which everything here comes
    bot_id        text NOT NULL,
    tag           text NOT NULL,
    subscriber_id text NOT NULL,
    PRIMARY KEY (account_id, bot_id, tag, subscriber_id)
);
SELECT secure_rows('person_tags');

-- Tags of an account for people of another one, on shared bots, are listed by nobody.
-- +goose StatementBegin
CREATE FUNCTION keep_tags() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    whose CONSTANT text := CASE TG_OP WHEN 'DELETE' THEN OLD.account_id ELSE NEW.account_id END;
    who   CONSTANT text := CASE TG_OP WHEN 'DELETE' THEN OLD.subscriber_id ELSE NEW.subscriber_id END;
    had   CONSTANT text[] := CASE TG_OP WHEN 'INSERT' THEN '{}' ELSE OLD.tags END;
    has   CONSTANT text[] := CASE TG_OP WHEN 'DELETE' THEN '{}' ELSE NEW.tags END;
    bot   text;
    gone  text;
BEGIN
    SELECT s.bot_id INTO bot FROM subscribers s WHERE s.id = who AND s.account_id = whose;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    -- One by one, by the whole key: an array would have the rows of all who are tagged read in each call.
    FOREACH gone IN ARRAY had LOOP
        IF gone <> ALL (has) THEN
            DELETE FROM person_tags t WHERE t.account_id = whose AND t.bot_id = bot AND t.tag = gone AND t.subscriber_id = who;
        END IF;
    END LOOP;
    INSERT INTO person_tags (account_id, bot_id, tag, subscriber_id)
        SELECT whose, bot, w.tag, who FROM unnest(has) AS w(tag) WHERE w.tag <> ALL (had) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER person_states_tagged AFTER INSERT ON person_states FOR EACH ROW WHEN (NEW.tags <> '{}') EXECUTE FUNCTION keep_tags();
CREATE TRIGGER person_states_retagged AFTER UPDATE ON person_states FOR EACH ROW WHEN (OLD.tags <> NEW.tags) EXECUTE FUNCTION keep_tags();
CREATE TRIGGER person_states_untagged AFTER DELETE ON person_states FOR EACH ROW WHEN (OLD.tags <> '{}') EXECUTE FUNCTION keep_tags();

SELECT set_config('herald.account', '*', true);
INSERT INTO person_tags (account_id, bot_id, tag, subscriber_id)
SELECT DISTINCT p.account_id, s.bot_id, t.tag, p.subscriber_id
FROM person_states p JOIN subscribers s ON s.id = p.subscriber_id AND s.account_id = p.account_id CROSS JOIN unnest(p.tags) AS t(tag);
DROP INDEX person_states_tags;

CREATE INDEX subscribers_gone ON subscribers (account_id, bot_id, id DESC) WHERE connection = 'disconnected' AND kind <> 'forgotten';
CREATE INDEX subscribers_groups ON subscribers (account_id, bot_id, id DESC) WHERE kind IN ('group', 'supergroup', 'channel');
