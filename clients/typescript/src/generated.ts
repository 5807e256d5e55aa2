// Made by `npm run types` from /openapi.json of the api; not to be edited.

import type { Filter } from "./filters.js";
export interface paths {
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether every accepted event is accounted for */
        get: operations["audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was refused, newest first */
        get: operations["deadLetters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Single events, newest first */
        get: operations["events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All events of a range as a file
         * @description Streamed, whatever its size; compressed where `Accept-Encoding` has gzip.
         */
        get: operations["exportEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/funnel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many users take each of several steps in order */
        get: operations["funnel"];
        put?: never;
        /** The same with the steps in a body */
        post: operations["postFunnel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A topic's updates as server-sent events
         * @description Events `subscribed`, `next`, `heartbeat` and `error`; `id` is the position, and `Last-Event-ID` resumes there. Never ends by itself.
         */
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/metadata": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What can be asked for */
        get: operations["metadata"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/metrics/breakdown": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Metrics by the values of a field */
        get: operations["breakdown"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/metrics/realtime": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last 5 and 30 minutes */
        get: operations["realtime"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/metrics/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Metrics of a whole range */
        get: operations["summary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/metrics/timeseries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics by buckets of time
         * @description Buckets begin at midnight, on Mondays (ISO weeks) and on the first of a month of the time zone. With `group_by` there is one series for each value.
         */
        get: operations["timeseries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pipeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What arrives, what waits, how long each stage takes */
        get: operations["pipeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Any metrics by up to two dimensions
         * @description Answered from rollups where they can, else from the events themselves; `meta.source` says so.
         */
        post: operations["query"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/retention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many users of each cohort come back */
        get: operations["retention"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who asks, and what they may do
         * @description Answers without a key, too: then there is no name and no scope.
         */
        get: operations["currentSession"];
        put?: never;
        /**
         * Signs a browser in
         * @description Sets a cookie with the key that no script can read. It ends with the key.
         */
        post: operations["beginSession"];
        /** Signs a browser out */
        delete: operations["endSession"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sessions, newest first */
        get: operations["sessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One session and its events, oldest first */
        get: operations["session"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document, to read */
        get: operations["docs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The daemon and what it depends on */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process runs */
        get: operations["healthLive"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether it can answer questions */
        get: operations["healthReady"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Metrics of the daemon for Prometheus */
        get: operations["prometheus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ws": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Topics over a WebSocket
         * @description Messages are JSON: subscribe, unsubscribe and ping from the client; subscribed, next, complete, error, pong and heartbeat from here.
         */
        get: operations["socket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Audit: {
            database: components["schemas"]["DatabaseAudit"];
            notes: string[];
            sources: components["schemas"]["SourceAudit"][];
            total: components["schemas"]["AuditTotal"];
            verdict: components["schemas"]["Verdict"];
        };
        AuditTotal: {
            /** Format: int64 */
            accepted: number;
            /** Format: int64 */
            dead_lettered: number;
            /** Format: int64 */
            duplicates: number;
            /** Format: int64 */
            entries_accepted: number;
            /** Format: int64 */
            entries_handled: number;
            /** Format: int64 */
            entries_in_flight: number;
            /** Format: int64 */
            in_flight: number;
            /** Format: int64 */
            lost_entries: number;
            /** Format: int64 */
            stored: number;
        };
        BreakdownComparison: {
            /** @description Sessions of exactly one event ÷ sessions; null without. */
            bounce_rate?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_avg_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p50_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p95_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p99_ms?: number | null;
            /**
             * Format: int64
             * @description Events.
             */
            events?: number;
            /** @description Null without sessions. */
            events_per_session?: number | null;
            /**
             * Format: int64
             * @description Different ones; never more than events.
             */
            sessions?: number;
            /**
             * Format: int64
             * @description Different ones; never more than events.
             */
            users?: number;
            /** @description Sum of the events' values, exact. */
            value?: string;
        };
        BreakdownMeta: {
            comparison?: components["schemas"]["ComparisonMeta"];
            dimension?: string;
            estimates: components["schemas"]["Estimates"];
            filter?: components["schemas"]["FilterEcho"];
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            generated_at: string;
            /** Format: int64 */
            limit?: number;
            /** @description Whether a value may have had more events than are shown. */
            lower_bounds?: boolean;
            /** @description Leads to the next page; null where there is none. */
            next_cursor?: string | null;
            /**
             * Format: int64
             * @description Events under `(other)`: values beyond those counted by name.
             */
            other_events?: number;
            source: components["schemas"]["Source"];
            /** Format: date-time */
            to: string;
            /** Format: int64 */
            total_events?: number;
            /** Format: int64 */
            total_rows?: number;
            tz: string;
            /**
             * Format: date-time
             * @description Every event accepted before this is counted; null until Redis has answered.
             */
            watermark: string | null;
        };
        BreakdownRow: {
            /** @description Sessions of exactly one event ÷ sessions; null without. */
            bounce_rate?: number | null;
            comparison?: components["schemas"]["BreakdownComparison"];
            /** @description Milliseconds; null without durations. */
            duration_avg_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p50_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p95_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p99_ms?: number | null;
            /**
             * Format: int64
             * @description Events.
             */
            events?: number;
            /** @description Null without sessions. */
            events_per_session?: number | null;
            key: string;
            /**
             * Format: int64
             * @description Different ones; never more than events.
             */
            sessions?: number;
            /** @description Events ÷ meta.total_events. */
            share: number;
            /**
             * Format: int64
             * @description Different ones; never more than events.
             */
            users?: number;
            /** @description Sum of the events' values, exact. */
            value?: string;
        };
        /** @description By metric: by which part of the other range's it is larger; null from nothing. */
        Change: {
            bounce_rate?: number | null;
            duration_avg_ms?: number | null;
            duration_p50_ms?: number | null;
            duration_p95_ms?: number | null;
            duration_p99_ms?: number | null;
            events?: number | null;
            events_per_session?: number | null;
            sessions?: number | null;
            users?: number | null;
            value?: number | null;
        };
        Cohort: {
            /** @description Its first period is partial: users may be missing, or still to come. */
            partial: boolean;
            returned: components["schemas"]["Returned"][];
            /** Format: int64 */
            size: number;
            /** Format: date-time */
            start: string;
        };
        Comparison: {
            /** @description Sessions of exactly one event ÷ sessions; null without. */
            bounce_rate?: number | null;
            change: components["schemas"]["Change"];
            /** @description Milliseconds; null without durations. */
            duration_avg_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p50_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p95_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p99_ms?: number | null;
            /**
             * Format: int64
             * @description Events.
             */
            events?: number;
            /** @description Null without sessions. */
            events_per_session?: number | null;
            /** Format: date-time */
            from: string;
            /**
             * Format: int64
             * @description Different ones; never more than events.
             */
            sessions?: number;
            /** Format: date-time */
            to: string;
            /**
             * Format: int64
             * @description Different ones; never more than events.
             */
            users?: number;
            /** @description Sum of the events' values, exact. */
            value?: string;
        };
        /** @description The same of the other range, where `compare` asks for one. */
        ComparisonMeta: {
            /** Format: date-time */
            from: string;
            /** @description Whether a value may have had more events than are shown. */
            lower_bounds?: boolean;
            /**
             * Format: int64
             * @description Events under `(other)`: values beyond those counted by name.
             */
            other_events?: number;
            source: components["schemas"]["Source"];
            /** Format: date-time */
            to: string;
        };
        ComparisonRow: {
            /** @description Sessions of exactly one event ÷ sessions; null without. */
            bounce_rate?: number | null;
            /** Format: date-time */
            bucket: string;
            /** @description Milliseconds; null without durations. */
            duration_avg_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p50_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p95_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p99_ms?: number | null;
            /**
             * Format: int64
             * @description Events.
             */
            events?: number | null;
            /** @description Null without sessions. */
            events_per_session?: number | null;
            /**
             * Format: int64
             * @description Different ones; never more than events.
             */
            sessions?: number | null;
            /**
             * Format: int64
             * @description Different ones; never more than events.
             */
            users?: number | null;
            /** @description Sum of the events' values, exact. */
            value?: string | null;
        };
        ConsumerState: {
            /** Format: int64 */
            idle_ms: number;
            name: string;
            /** Format: int64 */
            pending: number;
        };
        CurrentSession: {
            /** @enum {string} */
            auth: "on" | "off";
            name: string | null;
            scopes: ("write" | "read" | "control" | "admin")[];
        };
        /** @description What must be equal within one snapshot of the database, over all streams and epochs. */
        DatabaseAudit: {
            /** Format: int64 */
            dead_letters: number;
            equal: boolean;
            /** Format: int64 */
            ledger_dead_lettered: number;
            /** Format: int64 */
            ledger_stored: number;
            /**
             * Format: int64
             * @description Only with `raw`: it scans.
             */
            raw_events: number | null;
            rollup_1d: components["schemas"]["TierAudit"];
            rollup_1h: components["schemas"]["TierAudit"];
            /**
             * Format: int64
             * @description By the minutes alone; only with `raw`.
             */
            rollup_1m_events: number | null;
            /** @description Coarse buckets of the last two days; with `raw` all. */
            rollup_15m: components["schemas"]["TierAudit"];
            /**
             * Format: int64
             * @description By the coarsest usable buckets, as queries count.
             */
            rollup_events: number;
        };
        DeadLetter: {
            detail: string;
            entry_id: string;
            /** Format: int32 */
            index: number;
            /** @description At most 2,048 bytes; what isn't UTF-8 is replaced. */
            payload: string;
            reason: string;
            received_at: string;
            replayed_at: string | null;
            source: string;
            truncated: boolean;
        };
        DeadLetterReason: {
            /** Format: int64 */
            count: number;
            reason: string;
        };
        /** @description Metrics that are estimates in this answer, with their standard error. */
        Estimates: {
            [key: string]: {
                relative_error: number;
            };
        };
        /** @description An event without its properties. */
        Event: {
            accepted_at: string;
            browser: string | null;
            country: string | null;
            device: string | null;
            /** Format: int32 */
            duration_ms: number | null;
            /** Format: uuid */
            event_id: string;
            event_type: string;
            occurred_at: string;
            os: string | null;
            page: string | null;
            /** @description Whatever the event brought besides. */
            properties: Record<string, unknown> | null;
            referrer: string | null;
            session_id: string | null;
            user_id: string;
            value: string | null;
        };
        /** @description A test of a field, or of other filters. At most 8 levels, 64 tests, and 256 bytes of a regular expression. Several values: any of them; is_not: none of them. An absent field is "". */
        Filter: Filter;
        /** @description The filter as it was understood. */
        FilterEcho: unknown;
        FilterGroup: [
            "and" | "or",
            components["schemas"]["Filter"][]
        ];
        FilterNot: [
            "not",
            components["schemas"]["Filter"]
        ];
        FilterTest: [
            "is" | "is_not" | "contains" | "matches" | "in",
            string,
            (string | number | boolean)[]
        ];
        Funnel: {
            groups?: components["schemas"]["FunnelGroup"][];
            steps: components["schemas"]["FunnelStep"][];
        };
        FunnelGroup: {
            key: string;
            steps: components["schemas"]["FunnelStep"][];
        };
        FunnelMeta: {
            by?: string;
            estimates: components["schemas"]["Estimates"];
            filter?: components["schemas"]["FilterEcho"];
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            generated_at: string;
            /** Format: int64 */
            groups?: number;
            source: components["schemas"]["Source"];
            /** Format: date-time */
            to: string;
            tz: string;
            /**
             * Format: date-time
             * @description Every event accepted before this is counted; null until Redis has answered.
             */
            watermark: string | null;
            window: string;
        };
        FunnelQuery: {
            /** @description A field of events: event_type, page, referrer, country, device, browser, os, user_id, session_id, or properties.<path>, whose dots lead into nested objects. */
            by?: string | null;
            filters?: components["schemas"]["Filter"][];
            from?: string | null;
            steps: components["schemas"]["FunnelSteps"];
            to?: string | null;
            tz?: string | null;
            window?: string | null;
        };
        FunnelStep: {
            /** @description Of the users of the first step. */
            conversion: number | null;
            /**
             * Format: int64
             * @description Users of the step before who didn't take this one.
             */
            drop_off: number;
            median_seconds_from_previous: number | null;
            name: string;
            /** @description Of the users of the step before. */
            step_conversion: number | null;
            /** Format: int64 */
            users: number;
        };
        FunnelSteps: {
            filter: components["schemas"]["Filter"] | string;
            name?: string;
        }[];
        Health: {
            dependencies: {
                [key: string]: {
                    error?: string;
                    /** Format: date-time */
                    since: string;
                    /** @enum {string} */
                    status: "waiting" | "up" | "down";
                };
            };
            environment: string;
            service: string;
            /** @enum {string} */
            status: "ready" | "not_ready" | "stopping";
            /** Format: int64 */
            uptime_seconds: number;
            version: string;
        };
        LettersMeta: {
            /** Format: date-time */
            generated_at: string;
            /** Format: int64 */
            limit: number;
            source: string;
            /**
             * Format: date-time
             * @description Every event accepted before this is counted; null until Redis has answered.
             */
            watermark: string | null;
        };
        Metadata: {
            data: {
                /** Format: int64 */
                events: number;
                /** Format: date-time */
                from: string | null;
                /** Format: date-time */
                to: string | null;
            };
            dimensions: {
                name: string;
                /** Format: int64 */
                other_events?: number;
                source: components["schemas"]["Source"];
                top: {
                    /** Format: int64 */
                    events: number;
                    key: string;
                }[];
                /** Format: int64 */
                values?: number;
            }[];
            event_types: {
                /** Format: int64 */
                events: number;
                name: string;
            }[];
            intervals: string[];
            limits: {
                [key: string]: unknown;
            };
            metrics: string[];
            retention: {
                /**
                 * Format: int64
                 * @description Null: for ever.
                 */
                dead_letters_days: number | null;
                /**
                 * Format: int64
                 * @description Null: for ever.
                 */
                events_days: number | null;
                /**
                 * Format: int64
                 * @description Null: for ever.
                 */
                rollups_days: number | null;
            };
            time_zones: string;
        };
        MetricsMeta: {
            comparison?: components["schemas"]["ComparisonMeta"];
            estimates: components["schemas"]["Estimates"];
            filter?: components["schemas"]["FilterEcho"];
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            generated_at: string;
            /** @description Whether a value may have had more events than are shown. */
            lower_bounds?: boolean;
            /**
             * Format: int64
             * @description Events under `(other)`: values beyond those counted by name.
             */
            other_events?: number;
            source: components["schemas"]["Source"];
            /** Format: date-time */
            to: string;
            tz: string;
            /**
             * Format: date-time
             * @description Every event accepted before this is counted; null until Redis has answered.
             */
            watermark: string | null;
        };
        NewSession: {
            key: string;
        };
        PageMeta: {
            estimates: components["schemas"]["Estimates"];
            filter?: components["schemas"]["FilterEcho"];
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            generated_at: string;
            /** Format: int64 */
            limit: number;
            /** @description Leads to the next page; null where there is none. */
            next_cursor: string | null;
            /**
             * Format: date-time
             * @description Where the search ended: what is older was left out, to end in time.
             */
            searched_from?: string;
            source: components["schemas"]["Source"];
            /** Format: date-time */
            to: string;
            tz: string;
            /**
             * Format: date-time
             * @description Every event accepted before this is counted; null until Redis has answered.
             */
            watermark: string | null;
        };
        PathMeta: {
            estimates: components["schemas"]["Estimates"];
            filter?: components["schemas"]["FilterEcho"];
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            generated_at: string;
            /**
             * Format: date-time
             * @description Where the search ended: what is older was left out, to end in time.
             */
            searched_from?: string;
            source: components["schemas"]["Source"];
            /** Format: date-time */
            to: string;
            truncated: boolean;
            tz: string;
            /**
             * Format: date-time
             * @description Every event accepted before this is counted; null until Redis has answered.
             */
            watermark: string | null;
        };
        Percentiles: {
            /** Format: double */
            p50: number | null;
            /** Format: double */
            p99: number | null;
        };
        Pipeline: {
            backlog: components["schemas"]["PipelineBacklog"];
            commits: components["schemas"]["PipelineCommits"];
            consumers: components["schemas"]["ConsumerState"][];
            dead_letters: components["schemas"]["PipelineDeadLetters"] | null;
            generated_at: string;
            /** @description Ingestion's last report, as it sent it. */
            generator: Record<string, unknown> | null;
            latency_ms: components["schemas"]["PipelineLatency"];
            /** Format: int64 */
            pending: number | null;
            rate: components["schemas"]["PipelineRate"];
            redis: components["schemas"]["RedisMemory"] | null;
            tables: components["schemas"]["TableSize"][] | null;
            totals: components["schemas"]["PipelineTotals"] | null;
            watermark: string | null;
            /** Format: double */
            watermark_age_seconds: number | null;
        };
        PipelineBacklog: {
            /** Format: int64 */
            entries: number | null;
            /** Format: int64 */
            events: number | null;
            /** Format: double */
            seconds: number | null;
        };
        PipelineBatch: {
            /** Format: int64 */
            max: number | null;
            /** Format: double */
            mean: number | null;
        };
        PipelineCommits: {
            batch: components["schemas"]["PipelineBatch"];
            /** Format: double */
            bytes_per_second: number | null;
            commit_ms: components["schemas"]["PipelineCommitTime"];
            /** Format: int64 */
            commits: number | null;
            /** Format: double */
            events_per_second: number | null;
            /** Format: double */
            window_seconds: number;
        };
        PipelineCommitTime: {
            /** Format: double */
            mean: number | null;
            /** Format: double */
            p50: number | null;
            /** Format: double */
            p99: number | null;
        };
        PipelineDeadLetters: {
            by_reason: components["schemas"]["DeadLetterReason"][];
            /** Format: int64 */
            last_hour: number;
            /** Format: int64 */
            total: number;
        };
        /** @description Milliseconds. */
        PipelineLatency: {
            decode: components["schemas"]["Percentiles"];
            queue: components["schemas"]["Percentiles"];
            stream: components["schemas"]["Percentiles"];
            total: components["schemas"]["Percentiles"];
            write: components["schemas"]["Percentiles"];
        };
        PipelineRate: {
            /** Format: double */
            achieved: number | null;
            /** Format: double */
            wanted: number | null;
        };
        PipelineTotals: {
            /** Format: int64 */
            dead_lettered: number;
            /** Format: int64 */
            duplicates: number;
            /** Format: int64 */
            stored: number;
        };
        Problem: {
            allowed?: string[];
            /** @description A stable name for programs, such as invalid_parameter. */
            code: string;
            /** @description What was wrong and what to do, for a person. */
            detail: string;
            /** @description The nearest value that is allowed. */
            nearest?: string | number;
            /** @description Which parameter is wrong. */
            parameter?: string;
            /** Format: int64 */
            status: number;
            title: string;
        };
        Query: {
            compare?: ("previous" | "year") | null;
            date_range?: ("15m" | "1h" | "24h" | "7d" | "30d" | "365d" | "day" | "week" | "month" | "year") | [
                string,
                string
            ];
            dimensions?: (string)[];
            /** @description All must hold. */
            filters?: components["schemas"]["Filter"][];
            include?: {
                total_rows?: boolean;
            };
            metrics: ("events" | "users" | "sessions" | "value" | "events_per_session" | "bounce_rate" | "duration_avg_ms" | "duration_p50_ms" | "duration_p95_ms" | "duration_p99_ms")[];
            order_by?: [
                string,
                "asc" | "desc"
            ][];
            pagination?: {
                limit?: number;
                offset?: number;
            };
            tz?: string | null;
        };
        QueryComparison: {
            metrics: (number | string | null)[] | null;
        };
        QueryMeta: {
            comparison?: components["schemas"]["ComparisonMeta"];
            estimates: components["schemas"]["Estimates"];
            filter?: components["schemas"]["FilterEcho"];
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            generated_at: string;
            /** @description Whether a value may have had more events than are shown. */
            lower_bounds?: boolean;
            /**
             * Format: int64
             * @description Events under `(other)`: values beyond those counted by name.
             */
            other_events?: number;
            source: components["schemas"]["Source"];
            /** Format: date-time */
            to: string;
            /** Format: int64 */
            total_rows?: number;
            tz: string;
            /**
             * Format: date-time
             * @description Every event accepted before this is counted; null until Redis has answered.
             */
            watermark: string | null;
        };
        QueryRow: {
            comparison?: components["schemas"]["QueryComparison"];
            dimensions: string[];
            /** @description In the order asked for. */
            metrics: (number | string | null)[];
        };
        Realtime: {
            events_per_second: number;
            last_5_minutes: components["schemas"]["RealtimeCounts"];
            last_30_minutes: components["schemas"]["RealtimeCounts"];
            minutes: components["schemas"]["RealtimeMinute"][];
            /** @description The last 60 full seconds; null where so much arrives that only minutes are counted: `meta.omitted` says so. */
            seconds: components["schemas"]["RealtimeSecond"][] | null;
        };
        RealtimeCounts: {
            /** Format: int64 */
            events: number;
            /** Format: int64 */
            users: number;
        };
        RealtimeMeta: {
            estimates: components["schemas"]["Estimates"];
            filter?: components["schemas"]["FilterEcho"];
            /** Format: date-time */
            from?: string;
            /** Format: date-time */
            generated_at: string;
            /** @description Whether a value may have had more events than are shown. */
            lower_bounds?: boolean;
            /** @description Members that are null because they couldn't be counted, with the reason. */
            omitted?: {
                [key: string]: string;
            };
            /**
             * Format: int64
             * @description Events under `(other)`: values beyond those counted by name.
             */
            other_events?: number;
            source: components["schemas"]["Source"];
            /** Format: date-time */
            to?: string;
            tz: string;
            /**
             * Format: date-time
             * @description Every event accepted before this is counted; null until Redis has answered.
             */
            watermark: string | null;
        };
        RealtimeMinute: {
            /** Format: date-time */
            bucket: string;
            /** Format: int64 */
            events: number;
            /** Format: int64 */
            users: number;
        };
        RealtimeSecond: {
            /** Format: date-time */
            bucket: string;
            /** Format: int64 */
            events: number;
        };
        RedisMemory: {
            /** Format: int64 */
            maxmemory: number;
            policy: string;
            /** Format: int64 */
            used_memory: number;
        };
        Retention: {
            cohorts: components["schemas"]["Cohort"][];
            /** @enum {string} */
            period: "day" | "week" | "month";
        };
        RetentionMeta: {
            estimates: components["schemas"]["Estimates"];
            filter?: components["schemas"]["FilterEcho"];
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            generated_at: string;
            /** Format: int64 */
            periods: number;
            return_filter?: components["schemas"]["FilterEcho"];
            source: components["schemas"]["Source"];
            /** Format: date-time */
            to: string;
            tz: string;
            /**
             * Format: date-time
             * @description Every event accepted before this is counted; null until Redis has answered.
             */
            watermark: string | null;
        };
        Returned: {
            /** @description The period isn't wholly within the range, or isn't over. */
            partial: boolean;
            /** Format: int64 */
            period: number;
            rate: number | null;
            /** Format: int64 */
            users: number;
        };
        /** @description What the events of one session within a range amount to. */
        Session: {
            browser: string | null;
            country: string | null;
            device: string | null;
            /** Format: double */
            duration_seconds: number;
            ended_at: string;
            /** @description Its first and last events that have a page. */
            entry_page: string | null;
            /** Format: int64 */
            events: number;
            exit_page: string | null;
            session_id: string;
            started_at: string;
            /** @description Of its first event. */
            user_id: string;
            value: string;
        };
        /** @description What the events of one session within a range amount to. */
        SessionPath: {
            browser: string | null;
            country: string | null;
            device: string | null;
            /** Format: double */
            duration_seconds: number;
            ended_at: string;
            /** @description Its first and last events that have a page. */
            entry_page: string | null;
            /**
             * Format: int64
             * @description All of its events; at most 1,000 are shown.
             */
            event_count: number;
            events: components["schemas"]["Event"][];
            exit_page: string | null;
            session_id: string;
            started_at: string;
            /** @description Of its first event. */
            user_id: string;
            value: string;
        };
        /**
         * @description What the answer was read from.
         * @enum {string}
         */
        Source: "rollup" | "rollup+raw" | "raw";
        SourceAudit: {
            /**
             * Format: int64
             * @description Events; unknown for programs that append by themselves.
             */
            accepted: number | null;
            /** Format: int64 */
            dead_lettered: number;
            /** Format: int64 */
            duplicates: number;
            /** Format: int64 */
            entries_accepted: number;
            /** Format: int64 */
            entries_handled: number;
            /** Format: int64 */
            entries_in_flight: number;
            /**
             * Format: int64
             * @description Events accepted and not handled yet; for external programs unknown.
             */
            in_flight: number | null;
            /** Format: int64 */
            lost_entries: number;
            source: string;
            /** Format: int64 */
            stored: number;
            verdict: components["schemas"]["Verdict"];
        };
        StateMeta: {
            /** Format: date-time */
            generated_at: string;
            source: string;
            /**
             * Format: date-time
             * @description Every event accepted before this is counted; null until Redis has answered.
             */
            watermark: string | null;
        };
        Summary: {
            /** @description Sessions of exactly one event ÷ sessions; null without. */
            bounce_rate?: number | null;
            comparison?: components["schemas"]["Comparison"];
            /** @description Milliseconds; null without durations. */
            duration_avg_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p50_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p95_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p99_ms?: number | null;
            /**
             * Format: int64
             * @description Events.
             */
            events?: number;
            /** @description Null without sessions. */
            events_per_session?: number | null;
            /**
             * Format: int64
             * @description Different ones; never more than events.
             */
            sessions?: number;
            /**
             * Format: int64
             * @description Different ones; never more than events.
             */
            users?: number;
            /** @description Sum of the events' values, exact. */
            value?: string;
        };
        TableSize: {
            /** Format: int64 */
            bytes: number;
            name: string;
            /** Format: int64 */
            rows: number;
        };
        /** @description A coarse tier's usable buckets against the minutes they were built from. */
        TierAudit: {
            /** Format: int64 */
            buckets: number;
            /** Format: int64 */
            built_events: number;
            /** Format: int64 */
            minute_events: number;
        };
        TimeseriesGroup: {
            /** @description The value; null for the rest. */
            key: string | null;
            rest: boolean;
            rows: components["schemas"]["TimeseriesRow"][];
        };
        TimeseriesMeta: {
            comparison?: components["schemas"]["ComparisonMeta"];
            estimates: components["schemas"]["Estimates"];
            filter?: components["schemas"]["FilterEcho"];
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            generated_at: string;
            group_by?: string;
            interval?: string;
            /** Format: int64 */
            limit?: number;
            /** @description Whether a value may have had more events than are shown. */
            lower_bounds?: boolean;
            /**
             * Format: int64
             * @description Events under `(other)`: values beyond those counted by name.
             */
            other_events?: number;
            source: components["schemas"]["Source"];
            /** Format: date-time */
            to: string;
            tz: string;
            /**
             * Format: date-time
             * @description Every event accepted before this is counted; null until Redis has answered.
             */
            watermark: string | null;
        };
        TimeseriesRow: {
            /** @description Sessions of exactly one event ÷ sessions; null without. */
            bounce_rate?: number | null;
            /** Format: date-time */
            bucket: string;
            comparison?: components["schemas"]["ComparisonRow"] | null;
            /** @description Milliseconds; null without durations. */
            duration_avg_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p50_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p95_ms?: number | null;
            /** @description Milliseconds; null without durations. */
            duration_p99_ms?: number | null;
            /**
             * Format: int64
             * @description Events.
             */
            events?: number | null;
            /** @description Null without sessions. */
            events_per_session?: number | null;
            /** @description The bucket isn't wholly within the range, or runs still. */
            partial: boolean;
            /**
             * Format: int64
             * @description Different ones; never more than events.
             */
            sessions?: number | null;
            /**
             * Format: int64
             * @description Different ones; never more than events.
             */
            users?: number | null;
            /** @description Sum of the events' values, exact. */
            value?: string | null;
        };
        /** @enum {string} */
        Verdict: "balanced" | "settling" | "lost" | "overcounted";
    };
    responses: {
        /** @description The client's answer still holds. */
        NotModified: {
            headers: {
                ETag: components["headers"]["ETag"];
                Watermark: components["headers"]["Watermark"];
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description The request can't be read. */
        Problem400: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description No key, or none that is in force. */
        Problem401: {
            headers: {
                "WWW-Authenticate": components["headers"]["WwwAuthenticate"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The key lacks the scope that `scope` names, or the request comes from a page of another origin. */
        Problem403: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such thing. */
        Problem404: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body took too long to come. */
        Problem408: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is too large. */
        Problem413: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is not JSON by its Content-Type. */
        Problem415: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A parameter is wrong; `parameter` names it and `allowed` or `nearest` say what would be right. */
        Problem422: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Only by an upgrade to WebSocket. */
        Problem426: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too many queries at once, more than the key's rate allows, or too many wrong keys; ask again after `Retry-After`. */
        Problem429: {
            headers: {
                RateLimit: components["headers"]["RateLimit"];
                "RateLimit-Policy": components["headers"]["RateLimitPolicy"];
                "Retry-After": components["headers"]["RetryAfter"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Something went wrong here; the log says what. */
        Problem500: {
            headers: {
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Redis, the database or the keys in it can't be asked at present; ask again after `Retry-After`. */
        Problem503: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                "X-Request-Id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /** @description A field to group users by. */
        by: string;
        /** @description Columns to write, comma-separated; all where absent. */
        columns: string;
        /** @description A second range to compare with: as long as the first and right before it, or a year earlier. */
        compare: "previous" | "year";
        /** @description Where the next page begins: `meta.next_cursor` of the page before. */
        cursor: string;
        /** @description The field to break down by. */
        dimension: string;
        /** @description Events of a page, newest first. */
        events_limit: number;
        /** @description What stands in a bucket without events: zeros, nulls, or no row at all. */
        fill: "zero" | "null" | "none";
        /** @description Which events count. Repeatable; all must hold. `field:value`, `field:op:v1|v2` with op is, is_not, contains, matches or in (`\|` and `\\` escape), or a JSON tree as in POST /api/v1/query. */
        filter: string[];
        /** @description CSV with a header line, or one JSON object a line. */
        format: "csv" | "ndjson";
        /** @description Beginning of the range, included: RFC 3339 with an offset, unix seconds, now, or now-<number><s|m|h|d|w>. `now` is the end of the running minute. */
        from: string;
        /** @description One series for each of the largest values of this field, and one for the rest. */
        group_by: string;
        /** @description Series to show besides the rest. */
        groups: number;
        /** @description Tag of an answer that the client holds. */
        "If-None-Match": string;
        /** @description Length of a bucket; `auto` takes one that makes a readable chart. At most 10,000 buckets. */
        interval: "auto" | "1m" | "5m" | "15m" | "1h" | "1d" | "1w" | "1M";
        /** @description Dead letters to show, newest first. */
        letters_limit: number;
        /** @description Metrics to answer with, comma-separated; all where absent. */
        metrics: ("events" | "users" | "sessions" | "value" | "events_per_session" | "bounce_rate" | "duration_avg_ms" | "duration_p50_ms" | "duration_p95_ms" | "duration_p99_ms")[];
        /** @description Column and direction; the key breaks ties. */
        order: string;
        /** @description JSON: parameters of the topic, as in a socket's `subscribe`. */
        params: string;
        /** @description Length of a cohort's periods. */
        period: "day" | "week" | "month";
        /** @description Periods after the first to look at. */
        periods: number;
        /** @description Count raw rows and every minute too, which takes a while. */
        raw: boolean;
        /** @description Which events count as a return; as `filter`. Repeatable; all must hold. `field:value`, `field:op:v1|v2` with op is, is_not, contains, matches or in (`\|` and `\\` escape), or a JSON tree as in POST /api/v1/query. */
        return_filter: string[];
        /** @description Rows of a page. */
        rows: number;
        /** @description Only keys that hold this text. */
        search: string;
        /** @description Metrics to answer with, comma-separated; events, users, sessions and value where absent. */
        series_metrics: ("events" | "users" | "sessions" | "value" | "events_per_session" | "bounce_rate" | "duration_avg_ms" | "duration_p50_ms" | "duration_p95_ms" | "duration_p99_ms")[];
        session_id: string;
        /** @description JSON: steps as in the body of POST. */
        steps: string;
        /** @description End of the range, excluded; written as `from`. */
        to: string;
        topic: "metrics" | "breakdown" | "realtime" | "events" | "pipeline";
        /** @description IANA name of the time zone in which days, weeks and months begin and moments are written. */
        tz: string;
        /** @description How long after the first step the last one may come: a number and s, m, h, d or w. */
        window: string;
    };
    requestBodies: never;
    headers: {
        /** @description Ranges that ended more than a day ago may be held for a minute. */
        CacheControl: string;
        /** @description Tag of data and meta, clocks apart, for `If-None-Match`. */
        ETag: string;
        /** @description `<…>; rel="next"` where another page follows. */
        Link: string;
        /** @description `"key";r=…;t=…`: what remains of the key's rate, and seconds until all of it is back. */
        RateLimit: string;
        /** @description `"key";q=…;w=10`: what the key may use in ten seconds; absent where it has no rate. */
        RateLimitPolicy: string;
        /** @description The client's own `X-Request-Id`, or a new one; logs have it too. */
        RequestId: string;
        /** @description Seconds. */
        RetryAfter: number;
        /** @description `meta.watermark`, also where the body doesn't have it. */
        Watermark: string;
        /** @description `Bearer`. */
        WwwAuthenticate: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    audit: {
        parameters: {
            query?: {
                /** @description Count raw rows and every minute too, which takes a while. */
                raw?: components["parameters"]["raw"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["CacheControl"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Audit"];
                        meta: components["schemas"]["StateMeta"];
                    };
                };
            };
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            /** @description The address is too long. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            /** @description The head of the request is too long. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    deadLetters: {
        parameters: {
            query?: {
                /** @description Dead letters to show, newest first. */
                limit?: components["parameters"]["letters_limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["CacheControl"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["DeadLetter"][];
                        meta: components["schemas"]["LettersMeta"];
                    };
                };
            };
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            /** @description The address is too long. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            /** @description The head of the request is too long. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    events: {
        parameters: {
            query?: {
                /** @description Where the next page begins: `meta.next_cursor` of the page before. */
                cursor?: components["parameters"]["cursor"];
                /** @description Which events count. Repeatable; all must hold. `field:value`, `field:op:v1|v2` with op is, is_not, contains, matches or in (`\|` and `\\` escape), or a JSON tree as in POST /api/v1/query. */
                filter?: components["parameters"]["filter"];
                /** @description Beginning of the range, included: RFC 3339 with an offset, unix seconds, now, or now-<number><s|m|h|d|w>. `now` is the end of the running minute. */
                from?: components["parameters"]["from"];
                /** @description Events of a page, newest first. */
                limit?: components["parameters"]["events_limit"];
                /** @description End of the range, excluded; written as `from`. */
                to?: components["parameters"]["to"];
                /** @description IANA name of the time zone in which days, weeks and months begin and moments are written. */
                tz?: components["parameters"]["tz"];
            };
            header?: {
                /** @description Tag of an answer that the client holds. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["CacheControl"];
                    ETag: components["headers"]["ETag"];
                    Link: components["headers"]["Link"];
                    Watermark: components["headers"]["Watermark"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Event"][];
                        meta: components["schemas"]["PageMeta"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            /** @description The address is too long. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            /** @description The head of the request is too long. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    exportEvents: {
        parameters: {
            query?: {
                /** @description Columns to write, comma-separated; all where absent. */
                columns?: components["parameters"]["columns"];
                /** @description Which events count. Repeatable; all must hold. `field:value`, `field:op:v1|v2` with op is, is_not, contains, matches or in (`\|` and `\\` escape), or a JSON tree as in POST /api/v1/query. */
                filter?: components["parameters"]["filter"];
                /** @description CSV with a header line, or one JSON object a line. */
                format?: components["parameters"]["format"];
                /** @description Beginning of the range, included: RFC 3339 with an offset, unix seconds, now, or now-<number><s|m|h|d|w>. `now` is the end of the running minute. */
                from?: components["parameters"]["from"];
                /** @description End of the range, excluded; written as `from`. */
                to?: components["parameters"]["to"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    Watermark: components["headers"]["Watermark"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            /** @description The address is too long. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            /** @description The head of the request is too long. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    funnel: {
        parameters: {
            query: {
                /** @description A field to group users by. */
                by?: components["parameters"]["by"];
                /** @description Which events count. Repeatable; all must hold. `field:value`, `field:op:v1|v2` with op is, is_not, contains, matches or in (`\|` and `\\` escape), or a JSON tree as in POST /api/v1/query. */
                filter?: components["parameters"]["filter"];
                /** @description Beginning of the range, included: RFC 3339 with an offset, unix seconds, now, or now-<number><s|m|h|d|w>. `now` is the end of the running minute. */
                from?: components["parameters"]["from"];
                /** @description JSON: steps as in the body of POST. */
                steps: components["parameters"]["steps"];
                /** @description End of the range, excluded; written as `from`. */
                to?: components["parameters"]["to"];
                /** @description IANA name of the time zone in which days, weeks and months begin and moments are written. */
                tz?: components["parameters"]["tz"];
                /** @description How long after the first step the last one may come: a number and s, m, h, d or w. */
                window?: components["parameters"]["window"];
            };
            header?: {
                /** @description Tag of an answer that the client holds. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["CacheControl"];
                    ETag: components["headers"]["ETag"];
                    Watermark: components["headers"]["Watermark"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Funnel"];
                        meta: components["schemas"]["FunnelMeta"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            /** @description The address is too long. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            /** @description The head of the request is too long. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    postFunnel: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tag of an answer that the client holds. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "steps": [
                 *         {
                 *           "filter": [
                 *             "is",
                 *             "event_type",
                 *             [
                 *               "page_view"
                 *             ]
                 *           ],
                 *           "name": "visit"
                 *         },
                 *         {
                 *           "filter": [
                 *             "is",
                 *             "event_type",
                 *             [
                 *               "purchase"
                 *             ]
                 *           ],
                 *           "name": "purchase"
                 *         }
                 *       ],
                 *       "window": "1d"
                 *     }
                 */
                "application/json": components["schemas"]["FunnelQuery"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["CacheControl"];
                    ETag: components["headers"]["ETag"];
                    Watermark: components["headers"]["Watermark"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Funnel"];
                        meta: components["schemas"]["FunnelMeta"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    live: {
        parameters: {
            query: {
                /** @description JSON: parameters of the topic, as in a socket's `subscribe`. */
                params?: components["parameters"]["params"];
                topic: components["parameters"]["topic"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events without an end. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            /** @description The address is too long. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            /** @description The head of the request is too long. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            503: components["responses"]["Problem503"];
        };
    };
    metadata: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tag of an answer that the client holds. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["CacheControl"];
                    ETag: components["headers"]["ETag"];
                    Watermark: components["headers"]["Watermark"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Metadata"];
                        meta: components["schemas"]["MetricsMeta"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    breakdown: {
        parameters: {
            query: {
                /** @description A second range to compare with: as long as the first and right before it, or a year earlier. */
                compare?: components["parameters"]["compare"];
                /** @description Where the next page begins: `meta.next_cursor` of the page before. */
                cursor?: components["parameters"]["cursor"];
                /** @description The field to break down by. */
                dimension: components["parameters"]["dimension"];
                /** @description Which events count. Repeatable; all must hold. `field:value`, `field:op:v1|v2` with op is, is_not, contains, matches or in (`\|` and `\\` escape), or a JSON tree as in POST /api/v1/query. */
                filter?: components["parameters"]["filter"];
                /** @description Beginning of the range, included: RFC 3339 with an offset, unix seconds, now, or now-<number><s|m|h|d|w>. `now` is the end of the running minute. */
                from?: components["parameters"]["from"];
                /** @description Rows of a page. */
                limit?: components["parameters"]["rows"];
                /** @description Metrics to answer with, comma-separated; events, users, sessions and value where absent. */
                metrics?: components["parameters"]["series_metrics"];
                /** @description Column and direction; the key breaks ties. */
                order?: components["parameters"]["order"];
                /** @description Only keys that hold this text. */
                search?: components["parameters"]["search"];
                /** @description End of the range, excluded; written as `from`. */
                to?: components["parameters"]["to"];
                /** @description IANA name of the time zone in which days, weeks and months begin and moments are written. */
                tz?: components["parameters"]["tz"];
            };
            header?: {
                /** @description Tag of an answer that the client holds. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["CacheControl"];
                    ETag: components["headers"]["ETag"];
                    Link: components["headers"]["Link"];
                    Watermark: components["headers"]["Watermark"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["BreakdownRow"][];
                        meta: components["schemas"]["BreakdownMeta"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            /** @description The address is too long. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            /** @description The head of the request is too long. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    realtime: {
        parameters: {
            query?: {
                /** @description Which events count. Repeatable; all must hold. `field:value`, `field:op:v1|v2` with op is, is_not, contains, matches or in (`\|` and `\\` escape), or a JSON tree as in POST /api/v1/query. */
                filter?: components["parameters"]["filter"];
                /** @description IANA name of the time zone in which days, weeks and months begin and moments are written. */
                tz?: components["parameters"]["tz"];
            };
            header?: {
                /** @description Tag of an answer that the client holds. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["CacheControl"];
                    ETag: components["headers"]["ETag"];
                    Watermark: components["headers"]["Watermark"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Realtime"];
                        meta: components["schemas"]["RealtimeMeta"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            /** @description The address is too long. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            /** @description The head of the request is too long. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    summary: {
        parameters: {
            query?: {
                /** @description A second range to compare with: as long as the first and right before it, or a year earlier. */
                compare?: components["parameters"]["compare"];
                /** @description Which events count. Repeatable; all must hold. `field:value`, `field:op:v1|v2` with op is, is_not, contains, matches or in (`\|` and `\\` escape), or a JSON tree as in POST /api/v1/query. */
                filter?: components["parameters"]["filter"];
                /** @description Beginning of the range, included: RFC 3339 with an offset, unix seconds, now, or now-<number><s|m|h|d|w>. `now` is the end of the running minute. */
                from?: components["parameters"]["from"];
                /** @description Metrics to answer with, comma-separated; all where absent. */
                metrics?: components["parameters"]["metrics"];
                /** @description End of the range, excluded; written as `from`. */
                to?: components["parameters"]["to"];
                /** @description IANA name of the time zone in which days, weeks and months begin and moments are written. */
                tz?: components["parameters"]["tz"];
            };
            header?: {
                /** @description Tag of an answer that the client holds. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["CacheControl"];
                    ETag: components["headers"]["ETag"];
                    Watermark: components["headers"]["Watermark"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Summary"];
                        meta: components["schemas"]["MetricsMeta"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            /** @description The address is too long. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            /** @description The head of the request is too long. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    timeseries: {
        parameters: {
            query?: {
                /** @description A second range to compare with: as long as the first and right before it, or a year earlier. */
                compare?: components["parameters"]["compare"];
                /** @description What stands in a bucket without events: zeros, nulls, or no row at all. */
                fill?: components["parameters"]["fill"];
                /** @description Which events count. Repeatable; all must hold. `field:value`, `field:op:v1|v2` with op is, is_not, contains, matches or in (`\|` and `\\` escape), or a JSON tree as in POST /api/v1/query. */
                filter?: components["parameters"]["filter"];
                /** @description Beginning of the range, included: RFC 3339 with an offset, unix seconds, now, or now-<number><s|m|h|d|w>. `now` is the end of the running minute. */
                from?: components["parameters"]["from"];
                /** @description One series for each of the largest values of this field, and one for the rest. */
                group_by?: components["parameters"]["group_by"];
                /** @description Length of a bucket; `auto` takes one that makes a readable chart. At most 10,000 buckets. */
                interval?: components["parameters"]["interval"];
                /** @description Series to show besides the rest. */
                limit?: components["parameters"]["groups"];
                /** @description Metrics to answer with, comma-separated; events, users, sessions and value where absent. */
                metrics?: components["parameters"]["series_metrics"];
                /** @description End of the range, excluded; written as `from`. */
                to?: components["parameters"]["to"];
                /** @description IANA name of the time zone in which days, weeks and months begin and moments are written. */
                tz?: components["parameters"]["tz"];
            };
            header?: {
                /** @description Tag of an answer that the client holds. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["CacheControl"];
                    ETag: components["headers"]["ETag"];
                    Watermark: components["headers"]["Watermark"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["TimeseriesRow"][] | components["schemas"]["TimeseriesGroup"][];
                        meta: components["schemas"]["TimeseriesMeta"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            /** @description The address is too long. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            /** @description The head of the request is too long. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    pipeline: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["CacheControl"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Pipeline"];
                        meta: components["schemas"]["StateMeta"];
                    };
                };
            };
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
        };
    };
    query: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "date_range": "24h",
                 *       "dimensions": [
                 *         "page"
                 *       ],
                 *       "filters": [
                 *         [
                 *           "is",
                 *           "country",
                 *           [
                 *             "DE",
                 *             "AT"
                 *           ]
                 *         ]
                 *       ],
                 *       "metrics": [
                 *         "events",
                 *         "users"
                 *       ],
                 *       "order_by": [
                 *         [
                 *           "events",
                 *           "desc"
                 *         ]
                 *       ],
                 *       "pagination": {
                 *         "limit": 10
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["Query"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["CacheControl"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["QueryRow"][];
                        meta: components["schemas"]["QueryMeta"];
                        /** @description The query as it was understood, moments resolved. */
                        query: Record<string, unknown>;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    retention: {
        parameters: {
            query?: {
                /** @description Which events count. Repeatable; all must hold. `field:value`, `field:op:v1|v2` with op is, is_not, contains, matches or in (`\|` and `\\` escape), or a JSON tree as in POST /api/v1/query. */
                filter?: components["parameters"]["filter"];
                /** @description Beginning of the range, included: RFC 3339 with an offset, unix seconds, now, or now-<number><s|m|h|d|w>. `now` is the end of the running minute. */
                from?: components["parameters"]["from"];
                /** @description Length of a cohort's periods. */
                period?: components["parameters"]["period"];
                /** @description Periods after the first to look at. */
                periods?: components["parameters"]["periods"];
                /** @description Which events count as a return; as `filter`. Repeatable; all must hold. `field:value`, `field:op:v1|v2` with op is, is_not, contains, matches or in (`\|` and `\\` escape), or a JSON tree as in POST /api/v1/query. */
                return_filter?: components["parameters"]["return_filter"];
                /** @description End of the range, excluded; written as `from`. */
                to?: components["parameters"]["to"];
                /** @description IANA name of the time zone in which days, weeks and months begin and moments are written. */
                tz?: components["parameters"]["tz"];
            };
            header?: {
                /** @description Tag of an answer that the client holds. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["CacheControl"];
                    ETag: components["headers"]["ETag"];
                    Watermark: components["headers"]["Watermark"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Retention"];
                        meta: components["schemas"]["RetentionMeta"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            /** @description The address is too long. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            /** @description The head of the request is too long. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    currentSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CurrentSession"];
                };
            };
            401: components["responses"]["Problem401"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
        };
    };
    beginSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "key": "tmk_0123456789ab_…"
                 *     }
                 */
                "application/json": components["schemas"]["NewSession"];
            };
        };
        responses: {
            /** @description The session; the cookie is set. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CurrentSession"];
                };
            };
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            408: components["responses"]["Problem408"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
        };
    };
    endSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The cookie is taken away. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            403: components["responses"]["Problem403"];
        };
    };
    sessions: {
        parameters: {
            query?: {
                /** @description Where the next page begins: `meta.next_cursor` of the page before. */
                cursor?: components["parameters"]["cursor"];
                /** @description Which events count. Repeatable; all must hold. `field:value`, `field:op:v1|v2` with op is, is_not, contains, matches or in (`\|` and `\\` escape), or a JSON tree as in POST /api/v1/query. */
                filter?: components["parameters"]["filter"];
                /** @description Beginning of the range, included: RFC 3339 with an offset, unix seconds, now, or now-<number><s|m|h|d|w>. `now` is the end of the running minute. */
                from?: components["parameters"]["from"];
                /** @description Events of a page, newest first. */
                limit?: components["parameters"]["events_limit"];
                /** @description End of the range, excluded; written as `from`. */
                to?: components["parameters"]["to"];
                /** @description IANA name of the time zone in which days, weeks and months begin and moments are written. */
                tz?: components["parameters"]["tz"];
            };
            header?: {
                /** @description Tag of an answer that the client holds. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["CacheControl"];
                    ETag: components["headers"]["ETag"];
                    Link: components["headers"]["Link"];
                    Watermark: components["headers"]["Watermark"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Session"][];
                        meta: components["schemas"]["PageMeta"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            /** @description The address is too long. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            /** @description The head of the request is too long. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    session: {
        parameters: {
            query?: {
                /** @description Beginning of the range, included: RFC 3339 with an offset, unix seconds, now, or now-<number><s|m|h|d|w>. `now` is the end of the running minute. */
                from?: components["parameters"]["from"];
                /** @description End of the range, excluded; written as `from`. */
                to?: components["parameters"]["to"];
                /** @description IANA name of the time zone in which days, weeks and months begin and moments are written. */
                tz?: components["parameters"]["tz"];
            };
            header?: {
                /** @description Tag of an answer that the client holds. */
                "If-None-Match"?: components["parameters"]["If-None-Match"];
            };
            path: {
                session_id: components["parameters"]["session_id"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["CacheControl"];
                    ETag: components["headers"]["ETag"];
                    Watermark: components["headers"]["Watermark"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["SessionPath"];
                        meta: components["schemas"]["PathMeta"];
                    };
                };
            };
            304: components["responses"]["NotModified"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            /** @description The address is too long. */
            414: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            /** @description The head of the request is too long. */
            431: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            500: components["responses"]["Problem500"];
            503: components["responses"]["Problem503"];
        };
    };
    docs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its health. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
        };
    };
    healthLive: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "live";
                    };
                };
            };
        };
    };
    healthReady: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It can. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ready" | "not_ready" | "stopping";
                    };
                };
            };
            /** @description It can't yet, or no more. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ready" | "not_ready" | "stopping";
                    };
                };
            };
        };
    };
    prometheus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus's text format. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
        };
    };
    openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
        };
    };
    socket: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A WebSocket. */
            101: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            426: components["responses"]["Problem426"];
            429: components["responses"]["Problem429"];
            503: components["responses"]["Problem503"];
        };
    };
}
