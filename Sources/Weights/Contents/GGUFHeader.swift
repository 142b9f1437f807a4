/// The header of a GGUF file, which describes its arrays.
///
/// Shape, little-endian: `GGUF`, the version (32 bits), the number of arrays and of metadata entries (64 bits each), the
/// entries (a key, a type, a value), then for each array its name, its number of dimensions (32 bits), their lengths
/// (64 bits each, the fastest first), its type (32 bits) and its offset (64 bits). Texts have a length of 64 bits.
/// Source: the documentation of ggml, `gguf.md`.
struct GGUFHeader {
    static let magic = Array("GGUF".utf8)
    /// The longest header that is read, in bytes; vocabularies are part of it.
    static let byteCountMax: Int64 = 64 << 20
    private static let arrayCountMax = 65_536
    private static let dimensionCountMax = 8
    private static let textByteCountMax = 65_536
    private static let nestingMax = 8

    /// The types of arrays, by their numbers; others are listed as `ggml-type-N`.
    private static let types: [UInt32: String] = [
        0: "float32", 1: "float16", 2: "q4_0", 3: "q4_1", 6: "q5_0", 7: "q5_1", 8: "q8_0", 9: "q8_1", 10: "q2_k",
        11: "q3_k", 12: "q4_k", 13: "q5_k", 14: "q6_k", 15: "q8_k", 24: "int8", 25: "int16", 26: "int32", 27: "int64",
        28: "float64", 30: "bfloat16",
    ]

    private let source: any ByteSource
    private var position = Int64(magic.count)
    private var block: (start: Int64, bytes: [UInt8]) = (0, [])

    /// Describes all arrays in the order of the header.
    ///
    /// - Throws: `.header` if the header is malformed, of an unknown version, or longer than ``byteCountMax``.
    static func arrays(of source: any ByteSource) throws(WeightsError) -> [ModelContents.NamedArray] {
        var header = GGUFHeader(source: source)
        return try header.arrays()
    }

    private init(source: any ByteSource) {
        self.source = source
    }

    private mutating func arrays() throws(WeightsError) -> [ModelContents.NamedArray] {
        guard (2...3).contains(try number(UInt32.self)) else { throw .header }
        let arrayCount = try number(UInt64.self)
        let entryCount = try number(UInt64.self)
        guard arrayCount <= UInt64(Self.arrayCountMax) else { throw .header }
        // Every entry takes bytes, so a wrong number of them ends with the header.
        for _ in 0..<Int(clamping: entryCount) {
            try skipText()
            try skipValue(of: number(UInt32.self), nested: 0)
        }
        var arrays: [ModelContents.NamedArray] = []
        for _ in 0..<Int(arrayCount) { arrays.append(try array()) }
        return arrays
    }

    private mutating func array() throws(WeightsError) -> ModelContents.NamedArray {
        let name = try text()
        let dimensionCount = try number(UInt32.self)
        guard dimensionCount <= UInt32(Self.dimensionCountMax) else { throw .header }
        var shape: [Int] = []
        for _ in 0..<Int(dimensionCount) {
            guard let length = Int(exactly: try number(UInt64.self)) else { throw .header }
            shape.append(length)
        }
        let type = try number(UInt32.self)
        _ = try number(UInt64.self)
        return ModelContents.NamedArray(name, Self.types[type] ?? "ggml-type-\(type)", shape.reversed())
    }

    private mutating func skipValue(of type: UInt32, nested: Int) throws(WeightsError) {
        switch type {
        case 0, 1, 7: try skip(1)
        case 2, 3: try skip(2)
        case 4, 5, 6: try skip(4)
        case 10, 11, 12: try skip(8)
        case 8: try skipText()
        case 9:
            guard nested < Self.nestingMax else { throw .header }
            let element = try number(UInt32.self)
            for _ in 0..<Int(clamping: try number(UInt64.self)) { try skipValue(of: element, nested: nested + 1) }
        default: throw .header
        }
    }

    private mutating func skipText() throws(WeightsError) {
        try skip(try number(UInt64.self))
    }

    private mutating func text() throws(WeightsError) -> String {
        let count = try number(UInt64.self)
        guard count <= UInt64(Self.textByteCountMax) else { throw .header }
        return String(decoding: try bytes(Int(count)), as: UTF8.self)
    }

    private mutating func number<Number: FixedWidthInteger>(_: Number.Type) throws(WeightsError) -> Number {
        try bytes(MemoryLayout<Number>.size).littleEndian(at: 0)
    }

    private mutating func skip(_ count: UInt64) throws(WeightsError) {
        guard count <= UInt64(Self.byteCountMax - position) else { throw .header }
        position += Int64(count)
    }

    /// Returns the next bytes, from a block of 64 KiB that is read ahead.
    private mutating func bytes(_ count: Int) throws(WeightsError) -> [UInt8] {
        guard Int64(count) <= Self.byteCountMax - position, position <= source.byteCount,
            Int64(count) <= source.byteCount - position
        else { throw .header }
        let end = position + Int64(count)
        if position < block.start || end > block.start + Int64(block.bytes.count) {
            let blockByteCount = min(Int64(max(count, 64 << 10)), source.byteCount - position)
            block = (position, try source.bytes(at: position, count: Int(blockByteCount)))
        }
        defer { position = end }
        let start = Int(position - block.start)
        return Array(block.bytes[start..<start + count])
    }
}
