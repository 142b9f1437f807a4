internal import Disk
internal import Index
internal import JSON
internal import SegmentLog

/// One query over a snapshot of the segments of a collection.
///
/// Each segment is evaluated in two steps: its index returns the rows that pass the indexed conditions, and the
/// documents of those rows are read for the others. So counting and paging read no documents if all conditions are
/// indexed.
struct QueryRun {
    let collection: DocumentCollection
    /// Oldest first.
    let segments: [IndexedSegment]
    /// The conditions of the filter, cheapest first.
    let conditions: [Condition]
    /// The cached counts of this filter.
    let cached: SealedCounts.Entry?
    private let filter: Filter
    var plan: QueryPlan

    /// - Throws: Errors of ``CollectionIndex/snapshot()``.
    init(_ filter: Filter, over collection: DocumentCollection) throws(StorageError) {
        self.filter = filter
        self.collection = collection
        segments = try collection.index.snapshot()
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
        if let sums = cachedSums {
            return try sums[sums.count - 1] + count(in: segments.count - 1)
        }
        var counts: [Int] = []
        counts.reserveCapacity(segments.count)
        for position in segments.indices { counts.append(try count(in: position)) }
        cache(counts)
        return counts.reduce(0, +)
    }

    /// Returns the page of `query`.
    mutating func page(_ query: Query) throws(StorageError) -> Page {
        let path = query.sortKey ?? .committedAt
        let window = Window(skip: query.skip, limit: query.limit)
        let (total, places) =
            if path != .committedAt {
                try ordered(by: path, window, ascending: query.ascending)
            } else if collection.schema.isAppendOnly {
                try inLogOrder(window, ascending: query.ascending)
            } else {
                try inOrderOfCommit(window, ascending: query.ascending)
            }
        var pointers: [RecordPointer] = []
        pointers.reserveCapacity(places.count)
        for place in places { pointers.append(try segments[place.segment].index.pointer(of: place.row)) }
        plan.recordsRead = places.count
        return Page(total: total, documents: try collection.documents(at: pointers), plan: plan)
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

    /// Caches the number of matches in each segment, except the last one.
    func cache(_ counts: [Int]) {
        guard collection.schema.isAppendOnly, segments.count > 1 else { return }
        guard !plan.conditions.contains(where: { $0.answeredBy == .key }) else { return }
        collection.sealedCounts.keep(counts.dropLast(), of: filter, in: segments.dropLast())
    }
}

/// A row by the position of its segment in the run, and its number in that segment.
struct RowPlace {
    let segment: Int
    let row: Int
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
