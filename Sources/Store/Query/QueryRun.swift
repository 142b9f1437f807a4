internal import Disk
internal import Index
internal import JSON
internal import SegmentLog

/// One query, answered over the segments of a collection as they were when it began.
///
/// Each segment is asked in two steps: its index gives the rows that pass the conditions it knows, and the documents
/// of those rows are read for the rest. Counting and paging then need no document that the indexes can speak for.
struct QueryRun {
    let collection: DocumentCollection
    /// Oldest first.
    let segments: [IndexedSegment]
    /// The conditions of the filter, cheapest first.
    let conditions: [Condition]
    /// What was remembered of this filter.
    let remembered: SealedCounts.Entry?
    private let filter: Filter
    var plan: QueryPlan

    /// - Throws: What ``CollectionIndex/snapshot()`` throws.
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
        // An id is in one segment at most, and looking for it costs what looking up a count would.
        let isMemorable = schema.isAppendOnly && segments.count > 1 && !steps.contains { $0.source == .key }
        remembered = isMemorable ? collection.sealedCounts.entry(filter) : nil
    }

    /// Returns how many documents pass.
    mutating func count() throws(StorageError) -> Int {
        if let sums = rememberedSums {
            return try sums[sums.count - 1] + count(in: segments.count - 1)
        }
        var counts: [Int] = []
        counts.reserveCapacity(segments.count)
        for position in segments.indices { counts.append(try count(in: position)) }
        remember(counts)
        return counts.reduce(0, +)
    }

    /// Returns the part of the passing documents that `query` asks for.
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

    // MARK: What is remembered

    /// How many pass in the segments before each one but the last, where that is remembered.
    var rememberedSums: [Int]? {
        guard let remembered, remembered.isComplete(for: segments.dropLast()) else { return nil }
        return remembered.sums
    }

    /// How many pass in a segment, where that is remembered.
    func rememberedCount(in position: Int) -> Int? {
        // The last segment may still take records, or did when the query began.
        position < segments.count - 1 ? remembered?.count(in: segments[position].index.segment) : nil
    }

    /// Keeps how many pass in each segment, but for the last one, for the next query.
    func remember(_ counts: [Int]) {
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
    /// What answers the condition, as far as the schema tells; an index may yet leave it to the documents.
    fileprivate func source(_ schema: CollectionSchema) -> QueryPlan.Source {
        if path == .committedAt { return .committedAt }
        if path == FieldPath(schema.key) { return idsAreKnown ? .key : .scan }
        return schema.indexes.contains(path) ? .postings : .scan
    }

    /// The place of the condition in the order of application: what may rule out a whole segment comes first.
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
