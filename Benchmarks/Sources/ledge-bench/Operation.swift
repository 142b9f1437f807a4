internal import Index
internal import JSON
internal import Store

/// One query, for both engines.
struct Question {
    let request: Request
    /// The values for the parameters of the operation's statement.
    let parameters: [SQLiteValue]

    var isCount: Bool {
        if case .count = request { true } else { false }
    }
}

/// A kind of query that is repeated with different parameters.
struct Operation {
    let name: String
    /// The statement for SQLite.
    let sql: String
    let questions: [Question]

    init(_ name: String, _ sql: String, _ questions: [Question]) {
        self.name = name
        self.sql = sql
        self.questions = questions
    }
}

extension Operation {
    private static let limit = 20
    /// How many different queries an operation has before they repeat: more than any cache holds.
    private static let questionCount = 4_096
    /// The newest rows, which are still in the active segment.
    static let recentCount = 1_000

    /// Returns all measured read operations for the current contents of a store.
    static func reads(of store: TelemetryStore) throws -> [Operation] {
        var chance = SplitMix64(state: 7)
        let ids = try store.sample(questionCount, using: &chance).map(\.id)
        let recent = try store.newest(recentCount).map(\.id).shuffled(using: &chance)
        let total = store.documentCount
        return documents(ids, recent) + pages(&chance) + skips(total, &chance) + counts(&chance)
    }

    private static func documents(_ ids: [String], _ recent: [String]) -> [Operation] {
        let sql = "SELECT document FROM telemetry WHERE telemetry_id = ?"
        let ask = { (id: String) in Question(request: .document(id: id), parameters: [.text(id)]) }
        return [Operation("get", sql, ids.map(ask)), Operation("get.recent", sql, recent.map(ask))]
    }

    private static func pages(_ chance: inout SplitMix64) -> [Operation] {
        let sql = "SELECT document FROM telemetry"
        let page = { (query: Query, parameters: [SQLiteValue]) in
            Question(request: .page(query), parameters: parameters)
        }
        let ofClient = { (client: String) in
            page(Query(filter: client.isClient, limit: limit), [.text(client)])
        }
        let clients = TelemetryRows.clients.shuffled(using: &chance)
        return [
            Operation("page", "\(sql) ORDER BY row DESC LIMIT \(limit)", [page(Query(limit: limit), [])]),
            Operation(
                "page.client",
                "\(sql) WHERE client_id = ? ORDER BY row DESC LIMIT \(limit)",
                clients.map(ofClient)
            ),
            Operation(
                "page.client.again",
                "\(sql) WHERE client_id = ? ORDER BY row DESC LIMIT \(limit)",
                clients.prefix(1).map(ofClient)
            ),
            Operation(
                "page.by-client",
                "\(sql) ORDER BY client_id, row LIMIT \(limit)",
                [page(Query(sortKey: "client_id", ascending: true, limit: limit), [])]
            ),
            Operation(
                "page.by-key",
                "\(sql) ORDER BY key DESC, row DESC LIMIT \(limit)",
                [page(Query(sortKey: "key", limit: limit), [])]
            ),
        ]
    }

    /// Pages after a million rows, or after half of all rows, at that position or around it.
    private static func skips(_ total: Int, _ chance: inout SplitMix64) -> [Operation] {
        let sql = "SELECT document FROM telemetry ORDER BY row DESC LIMIT \(limit) OFFSET ?"
        let depth = total > 1_000_000 + 2 * limit ? 1_000_000 : total / 2
        let ask = { (skip: Int) in
            Question(request: .page(Query(skip: skip, limit: limit)), parameters: [.integer(skip)])
        }
        let around = (0..<questionCount).map { _ in depth - Int.random(in: 0...depth / 5, using: &chance) }
        return [Operation("skip", sql, around.map(ask)), Operation("skip.again", sql, [ask(depth)])]
    }

    private static func counts(_ chance: inout SplitMix64) -> [Operation] {
        let sql = "SELECT count(*) FROM telemetry"
        let ofClient = { (client: String) in
            Question(request: .count(client.isClient), parameters: [.text(client)])
        }
        let ofBoth = { (client: String, key: String) in
            Question(request: .count(client.isClient(and: key)), parameters: [.text(client), .text(key)])
        }
        let clients = TelemetryRows.clients.shuffled(using: &chance)
        let pairs = clients.flatMap { client in TelemetryRows.keys.map { (client, $0) } }.shuffled(using: &chance)
        return [
            Operation("count", sql, [Question(request: .count(Filter()), parameters: [])]),
            Operation("count.client", "\(sql) WHERE client_id = ?", clients.map(ofClient)),
            Operation("count.client.again", "\(sql) WHERE client_id = ?", clients.prefix(1).map(ofClient)),
            Operation("count.both", "\(sql) WHERE client_id = ? AND key = ?", pairs.map(ofBoth)),
            Operation("count.both.again", "\(sql) WHERE client_id = ? AND key = ?", pairs.prefix(1).map(ofBoth)),
        ]
    }
}

extension String {
    /// The filter for documents of this client.
    fileprivate var isClient: Filter {
        Filter([Condition("client_id", .equal(self))])
    }

    /// Returns the filter for documents of this client with another key.
    fileprivate func isClient(and key: String) -> Filter {
        Filter([Condition("client_id", .equal(self)), Condition("key", .equal(key))])
    }
}
