internal import JSON

extension ModelFile {
    /// Opens a model that is to be read as `format`, or as the bytes themselves say.
    ///
    /// A file is a container where the client takes it for one: it is an archive that has a `metadata.json`. Any other
    /// archive is an `.npz`; anything else a raw vector, whose format only the caller knows.
    ///
    /// - Throws: Whatever makes that the client's helper could not load it, or that averaging could not; for example
    ///   `.unknownFormat` for a raw vector without `format`, `.notAnArchive` for one that should be an `.npz`.
    package static func open(
        _ source: any ByteSource,
        as format: WeightsFormat? = nil,
        limits: ModelLimits = .default
    ) throws(WeightsError) -> ModelFile {
        guard let archive = try archive(source, as: format, limits) else {
            guard let format else { throw .unknownFormat }
            return try openRaw(source, format)
        }
        if archive.member(named: Container.metadataName) != nil {
            return try openContainer(archive, as: format, limits)
        }
        guard format?.rawElementType == nil else { return try openRaw(source, format ?? .binary) }
        let (arrays, places) = try NumpyArchive.arrays(in: archive)
        return ModelFile(
            kind: .npz,
            format: .numpy,
            arrays: arrays,
            metadata: nil,
            places: places,
            container: nil
        )
    }

    /// Refuses bytes that the client's helper could not load; reads what ``open(_:as:limits:)`` reads.
    package static func check(
        _ source: any ByteSource,
        as format: WeightsFormat,
        limits: ModelLimits = .default
    ) throws(WeightsError) {
        _ = try open(source, as: format, limits: limits)
    }

    /// The archive that the bytes are; nil where they are none.
    ///
    /// The numbers of a raw vector can begin like an archive, so for those formats a bad archive is none, as for the
    /// client.
    private static func archive(
        _ source: any ByteSource,
        as format: WeightsFormat?,
        _ limits: ModelLimits
    ) throws(WeightsError) -> ZipArchive? {
        guard try ZipArchive.begins(source) else { return nil }
        do throws(WeightsError) {
            return try ZipArchive(source, limits: limits)
        } catch .zip(let violation) {
            guard format?.rawElementType != nil else { throw .zip(violation) }
            return nil
        }
    }

    private static func openRaw(_ source: any ByteSource, _ format: WeightsFormat) throws(WeightsError) -> ModelFile {
        ModelFile(
            kind: .raw,
            format: format,
            arrays: [try vector(byteCount: source.byteCount, format)],
            metadata: nil,
            places: [.raw(source)],
            container: nil
        )
    }

    /// Describes a raw vector of so many bytes.
    private static func vector(byteCount: Int64, _ format: WeightsFormat) throws(WeightsError) -> ArrayDescriptor {
        guard let elementType = format.rawElementType else { throw .notAnArchive }
        let (elementCount, rest) = byteCount.quotientAndRemainder(dividingBy: Int64(elementType.byteCount))
        guard rest == 0, let vector = ArrayDescriptor(elementType, shape: [Int(elementCount)]) else {
            throw .unevenByteCount(byteCount: byteCount, elementByteCount: elementType.byteCount)
        }
        return vector
    }

    private static func openContainer(
        _ archive: ZipArchive,
        as format: WeightsFormat?,
        _ limits: ModelLimits
    ) throws(WeightsError) -> ModelFile {
        let metadata = try Container.metadata(of: archive, limits)
        let ownFormat = try Container.format(metadata)
        if let format, let ownFormat, format != ownFormat {
            throw .formatMismatch(expected: format.helper, found: ownFormat.helper)
        }
        // The client's own default.
        let format = format ?? ownFormat ?? .numpy
        guard let weights = archive.member(named: Container.weightsName) else {
            throw .missingMember(Container.weightsName)
        }
        let arrays: [ArrayDescriptor]
        let places: [ArrayPlace]
        if format.rawElementType == nil {
            let source = try archive.source(of: weights)
            guard try ZipArchive.begins(source) else { throw .notAnArchive }
            (arrays, places) = try NumpyArchive.arrays(in: ZipArchive(source, limits: limits))
        } else {
            arrays = [try vector(byteCount: weights.byteCount, format)]
            places = [.member(weights, of: archive, headerByteCount: 0)]
        }
        return ModelFile(
            kind: .container,
            format: format,
            arrays: arrays,
            metadata: metadata,
            places: places,
            container: archive
        )
    }
}
