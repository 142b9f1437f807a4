extension JSON {
    /// Parses exactly one value, with white space around it.
    ///
    /// The whole grammar of RFC 8259 and nothing else is taken; see ``JSONError`` for what is refused and where.
    package init(parsing bytes: UnsafeRawBufferPointer, limits: JSONLimits = .default) throws(JSONError) {
        guard bytes.count <= limits.byteCountMax else { throw .tooLong(byteCount: bytes.count) }
        var parser = JSONParser(bytes, depthMax: limits.depthMax)
        self = try parser.document()
    }

    /// Parses exactly one value, as ``init(parsing:limits:)`` does, from an array, a slice or a text's `utf8`.
    package init(parsing bytes: some Collection<UInt8>, limits: JSONLimits = .default) throws(JSONError) {
        func parse(_ bytes: UnsafeRawBufferPointer) -> Result<JSON, JSONError> {
            do throws(JSONError) { return .success(try JSON(parsing: bytes, limits: limits)) } catch {
                return .failure(error)
            }
        }
        let result =
            bytes.withContiguousStorageIfAvailable { parse(UnsafeRawBufferPointer($0)) }
            ?? Array(bytes).withUnsafeBytes(parse)
        self = try result.get()
    }
}
