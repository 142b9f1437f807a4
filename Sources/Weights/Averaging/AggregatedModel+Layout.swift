internal import JSON

/// How the mean of some models is laid out as a file of their kind.
extension AggregatedModel {
    /// Lays out the file.
    ///
    /// It is a container where all updates are: a client that sends a bare archive is too old to read anything else.
    /// The container has the first update's metadata, but for the id and what describes its inference model, which is
    /// left out: it was not averaged. Files attached to the first update are kept.
    init(_ means: [ArrayMean], of models: [ModelFile], modelID: String) throws(WeightsError) {
        let (byteCount, weights) = Self.weights(means, models[0].format)
        guard models.allSatisfy({ $0.kind == .container }), let first = models[0].container else {
            kind = models[0].format == .numpy ? .npz : .raw
            format = models[0].format
            self.byteCount = byteCount
            open = weights
            return
        }
        kind = .container
        format = models[0].format
        let metadata = Self.metadata(models[0], modelID: modelID).bytes
        let files = first.members.filter { $0.name.hasPrefix(Container.filesPrefix) }
        var members = [
            ZipLayout.Member(Container.metadataName, byteCount: Int64(metadata.count), checksum: CRC32.of(metadata)),
            ZipLayout.Member(Container.weightsName, byteCount: byteCount),
        ]
        var contents: [ZipStream.Opening] = [
            { LiteralBytes(metadata) },
            weights,
        ]
        for file in files {
            let content = try Self.verified(file, of: first)
            members.append(ZipLayout.Member(copying: file))
            contents.append { CopiedBytes(first.source, content) }
        }
        let layout = ZipLayout(members)
        self.byteCount = layout.byteCount
        open = { [contents] in ZipStream(layout, contents) }
    }

    /// The helper's own bytes: an archive of arrays, or one raw vector.
    private static func weights(
        _ means: [ArrayMean],
        _ format: WeightsFormat
    ) -> (byteCount: Int64, open: @Sendable () -> any ByteStream) {
        guard format == .numpy else {
            let byteCount = means.reduce(0) { $0 + $1.result.byteCount }
            return (byteCount, { MeanStream(means[0], header: []) })
        }
        let headers = means.map { ArrayHeader.bytes(of: $0.result) }
        let members = zip(means, headers).enumerated().map { index, array in
            ZipLayout.Member(
                NumpyArchive.memberName(index),
                byteCount: Int64(array.1.count) + array.0.result.byteCount
            )
        }
        let contents = zip(means, headers).map { mean, header -> ZipStream.Opening in
            { MeanStream(mean, header: header) }
        }
        let layout = ZipLayout(members)
        return (layout.byteCount, { ZipStream(layout, contents) })
    }

    private static func metadata(_ first: ModelFile, modelID: String) -> JSONObject {
        var metadata = first.metadata ?? JSONObject()
        metadata[Container.helperKey] = .string(first.format.helper)
        metadata[Container.modelIDKey] = .string(modelID)
        metadata[Container.versionKey] = .number(JSONNumber(Container.version))
        metadata[Container.inferenceFormatKey] = nil
        return metadata
    }

    /// Where an attached file's bytes are, once they were verified: they are copied without being inflated.
    private static func verified(_ file: ZipMember, of archive: ZipArchive) throws(WeightsError) -> Range<Int64> {
        do throws(WeightsError) {
            let reader = try MemberReader(file, of: archive)
            try reader.skip(reader.remainingByteCount)
            let offset = try archive.dataOffset(of: file)
            return offset..<offset + file.storedByteCount
        } catch {
            throw .update(0, error)
        }
    }
}
