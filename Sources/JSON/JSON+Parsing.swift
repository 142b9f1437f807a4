extension JSON {
    /// Parses exactly one value, optionally surrounded by white space.
    ///
    /// Accepts the grammar of RFC 8259 without extensions, and skips a byte order mark, which section 8.1 allows; see ``JSONError`` for further restrictions.
    package init(parsing bytes: UnsafeRawBufferPointer, limits: JSONLimits = .default) throws(JSONError) {
        guard bytes.count <= limits.byteCountMax else { throw .tooLong(byteCount: bytes.count) }
        var parser = JSONParser(bytes, depthMax: limits.depthMax)
        self = try parser.document()
    }

    /// Parses exactly one value from an array, a slice or the `utf8` of a string, as ``init(parsing:limits:)`` does.
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
