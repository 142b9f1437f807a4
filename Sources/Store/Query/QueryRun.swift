internal import Disk
internal import Index
internal import JSON
internal import SegmentLog

/// One query over a snapshot of the segments of a collection.
///
/// Each segment is evaluated in two steps: its index returns the rows that pass the indexed conditions, and the
/// documents of those rows are read for the others. So counting and paging read no documents if all conditions are
/// indexed.
struct QueryRun: Sendable {
    let collection: DocumentCollection
    /// Oldest first.
    private(set) var segments: [IndexedSegment]
    /// The conditions of the filter, cheapest first.
    let conditions: [Condition]
    /// The cached counts of this filter.
    let cached: SealedCounts.Entry?
    private let filter: Filter
    var plan: QueryPlan
    private var visits: [Visit]
    /// Rows that were computed and are used again, by segment; empty if there are none.
    var kept: [SegmentRows?] = []
    /// Whether documents were read for the rows, by segment; empty if none were.
    var isScanned: [Bool] = []

    /// - Throws: Errors of ``CollectionIndex/snapshot()``.
    init(_ filter: Filter, over collection: DocumentCollection) throws(StorageError) {
        self.filter = filter
        self.collection = collection
        segments = try collection.index.snapshot()
        visits = Array(repeating: .counted, count: segments.count)
        let schema = collection.schema
        let steps = filter.conditions.map { (condition: $0, source: $0.source(schema)) }
            .sorted { $0.condition.cost($0.source) < $1.condition.cost($1.source) }
        conditions = steps.map(\.condition)
        plan = QueryPlan(
            segmentCount: segments.count,
            conditions: steps.map { QueryPlan.Step(path: $0.condition.path, answeredBy: $0.source) }
        )
        // An id is in at most one segment, and looking it up costs the same as looking up a count.
        let isCacheable = schema.isAppendOnly && segments.count > 1 && !steps.contains { $0.source == .key }
        cached = isCacheable ? collection.sealedCounts.entry(filter) : nil
    }

    /// Returns how many documents pass.
    mutating func count() throws(StorageError) -> Int {
        try sums().last ?? 0
    }

    /// Returns the number of matches before each segment, then the total.
    mutating func sums() throws(StorageError) -> [Int] {
        var sums: [Int]
        if let cachedSums {
            sums = cachedSums
        } else {
            sums = [0]
            for position in segments.indices.dropLast() { sums.append(try sums[position] + count(in: position)) }
            cache(sums)
        }
        if let last = segments.indices.last { sums.append(try sums[last] + count(in: last)) }
        return sums
    }

    /// Returns the number of matches and the order of their places.
    mutating func order(of query: Query, _ window: Window) throws(StorageError) -> (total: Int, any PlaceOrder) {
        let path = query.sortKey ?? .committedAt
        guard path == .committedAt else { return try order(by: path, window, ascending: query.ascending) }
        guard collection.schema.isAppendOnly else {
            plan.order = .ranked(.committedAt)
            return (try count(), CommitOrder(ascending: query.ascending))
        }
        plan.order = .log
        let order = LogOrder(try sums(), ascending: query.ascending)
        return (order.total, order)
    }

    /// The bytes of the filter, and of the rows for which documents were read.
    var heldByteCount: Int {
        filter.byteCount + kept.reduce(0) { $0 + ($1?.byteCount ?? 0) }
    }

    /// Uses the index files of segments that were sealed since the run began, so that it holds no index in memory.
    mutating func renewIndexes() {
        segments = collection.index.renewed(segments)
    }

    // MARK: Cached counts

    /// The cached numbers of matches before each segment, except the last one; nil if they are not cached.
    var cachedSums: [Int]? {
        guard let cached, cached.isComplete(for: segments.dropLast()) else { return nil }
        return cached.sums
    }

    /// Returns the cached number of matches in a segment; nil if it is not cached.
    func cachedCount(in position: Int) -> Int? {
        // Records may still be appended to the last segment, or were when the query began.
        position < segments.count - 1 ? cached?.count(in: segments[position].index.segment) : nil
    }

    /// Caches the sums of the matches in each segment, except the last one.
    private func cache(_ sums: [Int]) {
        guard collection.schema.isAppendOnly, segments.count > 1 else { return }
        guard !plan.conditions.contains(where: { $0.answeredBy == .key }) else { return }
        collection.sealedCounts.keep(sums, of: filter, in: segments.dropLast())
    }

    // MARK: The plan

    /// How a segment took part in the run.
    enum Visit: UInt8 {
        case counted, skipped, read
    }

    /// Records how a segment took part; each is in the plan once.
    mutating func note(_ visit: Visit, _ position: Int) {
        guard visits[position] == .counted, visit != .counted else { return }
        visits[position] = visit
        if visit == .read { plan.segmentsRead += 1 } else { plan.segmentsSkipped += 1 }
    }
}

extension Condition {
    /// Returns the source of the condition according to the schema; an index may still require the documents.
    fileprivate func source(_ schema: CollectionSchema) -> QueryPlan.Source {
        if path == .committedAt { return .committedAt }
        if path == FieldPath(schema.key) { return idsAreKnown ? .key : .scan }
        return schema.indexes.contains(path) ? .postings : .scan
    }

    /// Returns the place of the condition in the order of evaluation: those that may exclude a whole segment come
    /// first.
    fileprivate func cost(_ source: QueryPlan.Source) -> Int {
        switch (source, test) {
        case (.committedAt, _): 0
        case (.key, .anyOf): 1
        case (.postings, .anyOf): 2
        case (.key, _): 3
        case (.postings, _): 4
        case (.scan, _): 5
        }
    }
}
