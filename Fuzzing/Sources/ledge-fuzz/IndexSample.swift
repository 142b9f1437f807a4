internal import Disk
internal import JSON
internal import SegmentLog

@testable internal import Index

/// Rows, their index file, and its answers.
struct IndexSample: Sendable {
    let schema: IndexSchema
    let segment: SegmentSummary
    let ids: [String]
    let file: [UInt8]
    let header: IndexHeader
    let answers: IndexAnswers

    static let all = [IndexSample(isAppendOnly: true), IndexSample(isAppendOnly: false)]

    private static let rowCount = 150
    private static let texts = [
        #""a""#, #""b""#, "1", #""1.0""#, "2.5", "null", "true", #""2026-11-23T19:16:04Z""#, #"["x","y",3]"#, #""é""#,
        #""0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b""#, "-7", "1e400",
    ]

    private init(isAppendOnly: Bool) {
        schema = IndexSchema(log: "things", paths: ["kind", "sender.name", "rank"], isAppendOnly: isAppendOnly)
        segment = SegmentSummary(
            id: SegmentID(first: 1, generation: 0),
            form: .sealed,
            last: UInt64(Self.rowCount),
            recordCount: Self.rowCount,
            byteCount: Int64(Self.rowCount * 300),
            storedByteCount: 0,
            firstAt: nil,
            lastAt: nil,
            digest: "00112233445566778899aabbccddeeff"
        )
        ids = (0..<Self.rowCount).map { isAppendOnly || $0 % 3 > 0 ? "id-\($0)" : "id-\($0 / 2)" }
        var builder = IndexFileBuilder(schema, idSeed: 1)
        for row in 0..<Self.rowCount {
            let values = isAppendOnly || row % 9 > 0 ? Self.values(row, of: schema) : nil
            builder.append(
                IndexRow(
                    id: Text(ids[row]),
                    pointer: RecordPointer(segment: segment.id, offset: UInt32(row * 300), byteCount: 300),
                    committedAt: Timestamp(microseconds: 1_780_000_000_000_000 + Int64(row * 1_000)),
                    values: values
                )
            )
        }
        file = builder.finish(for: segment)
        let source = IndexSource.memory(file)
        let (segment, schema, ids) = (segment, schema, ids)
        header = must("the header is whole") { try IndexHeader(source, path: "x.idx", of: segment, schema) }
        answers = must("the file is whole") {
            try IndexAnswers(MappedIndex(source, path: "x.idx", of: segment, schema), schema, ids)
        }
    }

    private static func values(_ row: Int, of schema: IndexSchema) -> [FieldValue] {
        let (kind, name, rank) = (texts[row % 4], texts[row * 7 % texts.count], texts[row * 5 % 11])
        let document = Array(#"{"kind":\#(kind),"sender":{"name":\#(name)},"rank":\#(rank)}"#.utf8)
        return document.withUnsafeBytes { bytes in FieldValue.all(schema.paths, in: bytes) }
    }
}

/// The answers of an index to all kinds of queries, to compare two indexes.
struct IndexAnswers: Sendable, Equatable {
    private var numbers: [Int] = []
    private var texts: [String] = []

    /// - Throws: `StorageError` at the first query that fails.
    init(_ index: MappedIndex, _ schema: IndexSchema, _ ids: [String]) throws(StorageError) {
        for row in [0, 1, 9, 127, 128, ids.count - 1] {
            let (pointer, moment) = try (index.pointer(of: row), index.committedAt(of: row))
            numbers += [Int(pointer.offset), Int(pointer.byteCount), Int(moment.microseconds)]
            numbers.append(try index.isTombstone(row) ? 1 : 0)
        }
        for rowCount in [0, 1, 70, ids.count] {
            let range = try index.committedRange(below: rowCount)
            numbers += [range?.lowerBound, range?.upperBound].map { Int($0?.microseconds ?? -1) }
        }
        for id in [ids[0], ids[5], ids[ids.count - 1], "missing", "", "é"] {
            let row = try index.lastRow(of: Text(id)) { row in ids.indices.contains(row) && ids[row] == id }
            must(row.map(ids.indices.contains) ?? true, "a row is one of the segment's")
            numbers.append(row ?? -1)
        }
        for position in 0..<min(index.idCount, 5) {
            let (id, row) = try index.id(at: position)
            texts.append("\(String(decoding: id, as: UTF8.self)) \(row)")
        }
        for path in schema.paths + [.committedAt] { try ask(index, path, ids.count) }
    }

    private mutating func ask(_ index: MappedIndex, _ path: FieldPath, _ rowCount: Int) throws(StorageError) {
        for value in ["1", "a", "2026-05-28T20:26:40.050Z"] {
            for test in Self.tests(value) {
                let condition = Condition(path, test)
                for count in [70, rowCount] { add(try index.rows(passing: condition, below: count), below: count) }
                numbers.append(try index.count(passing: condition, below: rowCount) ?? -1)
            }
        }
        guard let column = try index.column(of: path) else { return }
        for position in 0..<min(column.valueCount, 50) {
            texts.append("\(try column.value(at: position))")
            var rows: [Int] = []
            try column.forEachRow(at: position) { rows.append($0) }
            must(rows.allSatisfy((0..<rowCount).contains), "rows are rows of the segment")
            numbers += rows
        }
    }

    private static func tests(_ value: String) -> [Condition.Test] {
        let operand = Operand(text: value)
        return [.anyOf([operand]), .noneOf([operand]), .less(operand), .greaterOrEqual(operand)]
    }

    private mutating func add(_ match: RowMatch, below rowCount: Int) {
        switch match {
        case .none: numbers.append(-2)
        case .all: numbers.append(-3)
        case .unknown: numbers.append(-4)
        case .some(let rows):
            must(rows.rowCount == rowCount, "rows are below what was asked for")
            numbers += (0..<rowCount).filter(rows.contains)
        }
    }
}
