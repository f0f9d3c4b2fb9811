-- +goose Up

-- The taxonomy. An administrator changes it; what is here is what a fresh installation has (triage.DefaultPolicies).
CREATE TABLE policies (
    id            text PRIMARY KEY,
    title         text NOT NULL CHECK (title <> ''),
    help          text NOT NULL,
    lane          text NOT NULL CHECK (lane IN ('general', 'child-safety')),
    level         int NOT NULL CHECK (level BETWEEN 0 AND 2),
    priority      int NOT NULL CHECK (priority BETWEEN 0 AND 100),
    weight        int NOT NULL CHECK (weight >= 0),
    dsa           text NOT NULL,
    dsa_word      text NOT NULL,
    ncmec_type    text NOT NULL,
    look_within   bigint NOT NULL CHECK (look_within > 0),   -- nanoseconds
    decide_within bigint NOT NULL CHECK (decide_within > 0), -- nanoseconds
    retired       boolean NOT NULL,
    position      int NOT NULL,
    version       int NOT NULL
);
INSERT INTO policies (id, title, help, lane, level, priority, weight, dsa, dsa_word, ncmec_type, look_within, decide_within, retired, position, version) VALUES
    ('disruption', 'Disruption of a meeting', 'Somebody made it impossible to go on: noise, screens, insults to all.', 'general', 2, 40, 1, 'OTHER_VIOLATION_TC', 'OTHER', '', 86400000000000, 259200000000000, false, 0, 0),
    ('nudity', 'Adult nudity', 'Nudity or sexual acts of adults shown in the meeting.', 'general', 2, 45, 1, 'OTHER_VIOLATION_TC', 'NUDITY', '', 86400000000000, 259200000000000, false, 1, 0),
    ('harassment', 'Harassment or doxxing', 'Somebody was targeted, followed or had private details exposed.', 'general', 1, 65, 2, 'CYBER_VIOLENCE', 'CYBER_HARASSMENT', '', 14400000000000, 86400000000000, false, 2, 0),
    ('hate', 'Hate', 'Attacks on people for what they are.', 'general', 1, 70, 2, 'ILLEGAL_OR_HARMFUL_SPEECH', 'HATE_SPEECH', '', 14400000000000, 86400000000000, false, 3, 0),
    ('intimate-imagery', 'Intimate imagery without consent', 'Real or made-up intimate pictures of somebody who did not agree.', 'general', 1, 75, 3, 'CYBER_VIOLENCE', 'NON_CONSENSUAL_IMAGE_SHARING', '', 14400000000000, 86400000000000, false, 4, 0),
    ('threat', 'Threat or live violence', 'A threat to somebody''s life or body, or violence as it happened.', 'general', 0, 90, 4, 'VIOLENCE', 'INCITEMENT_VIOLENCE_HATRED', '', 3600000000000, 3600000000000, false, 5, 0),
    ('terrorism', 'Terrorism', 'Terrorist content or recruitment.', 'general', 0, 90, 4, 'RISK_FOR_PUBLIC_SECURITY', 'TERRORIST_CONTENT', '', 3600000000000, 3600000000000, false, 6, 0),
    ('self-harm', 'Suicide or self-harm', 'Somebody is in danger from themselves, or urged others to harm themselves.', 'general', 0, 92, 0, 'SELF_HARM', 'SUICIDE', '', 3600000000000, 3600000000000, false, 7, 0),
    ('fraud', 'Fraud or impersonation', 'Somebody pretended to be another or tried to get money or passwords.', 'general', 2, 45, 2, 'SCAMS_AND_FRAUD', 'PHISHING', '', 86400000000000, 259200000000000, false, 8, 0),
    ('ban-evasion', 'Ban evasion', 'Somebody who was removed or banned came back.', 'general', 2, 50, 2, 'OTHER_VIOLATION_TC', 'OTHER', '', 86400000000000, 259200000000000, false, 9, 0),
    ('csam', 'Sexual abuse of a child', 'Pictures, video or live abuse of a child. Only specialists see this report.', 'child-safety', 0, 100, 10, 'PROTECTION_OF_MINORS', 'CHILD_SEXUAL_ABUSE_MATERIAL', 'Child Pornography (possession, manufacture, and distribution)', 3600000000000, 3600000000000, false, 10, 0),
    ('grooming', 'Grooming or sextortion of a minor', 'An adult tried to win over or blackmail a minor. Only specialists see this report.', 'child-safety', 0, 98, 8, 'PROTECTION_OF_MINORS', 'GROOMING_SEXUAL_ENTICEMENT_MINORS', 'Online Enticement of Children for Sexual Acts', 3600000000000, 3600000000000, false, 11, 0),
    ('exposure-to-minors', 'Sexual exposure to minors', 'Sexual content shown to minors. Only specialists see this report.', 'child-safety', 0, 96, 6, 'PROTECTION_OF_MINORS', 'AGE_SPECIFIC_RESTRICTIONS_MINORS', 'Unsolicited Obscene Material Sent to a Child', 3600000000000, 3600000000000, false, 12, 0);

-- What a lane's cases are about never moves to another lane, and nothing that a case names goes away.
CREATE TRIGGER immutable BEFORE UPDATE ON policies
    FOR EACH ROW EXECUTE FUNCTION keep_but('title', 'help', 'level', 'priority', 'weight', 'look_within', 'decide_within', 'retired', 'position', 'version');
CREATE TRIGGER no_delete BEFORE DELETE ON policies FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_truncate BEFORE TRUNCATE ON policies EXECUTE FUNCTION refuse_change();
