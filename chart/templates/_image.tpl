{{/* Which image is run, and when it is pulled. Each takes a map with `root` and `of`, the values of the image. */}}

{{- define "cnpg-mcp.tag" -}}
{{ .of.tag | default .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- define "cnpg-mcp.image" -}}
{{ .of.repository | default .root.Values.image.repository }}:{{ include "cnpg-mcp.tag" . }}
{{- end }}

{{/* A tag that is no version may move: what the node has may be old. */}}
{{- define "cnpg-mcp.pullPolicy" -}}
{{- $fixed := regexMatch "^v?[0-9]+\\.[0-9]+\\.[0-9]+([-+._][0-9A-Za-z.+_-]+)?$|@sha256:" (include "cnpg-mcp.tag" .) -}}
{{ .of.pullPolicy | default .root.Values.image.pullPolicy | default (ternary "IfNotPresent" "Always" $fixed) }}
{{- end }}
