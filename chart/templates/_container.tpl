{{/* A container of the server. Takes a map: `root`; `of`, its values; `image`, those of its image; `port` by name. */}}
{{- define "cnpg-mcp.container" -}}
image: {{ include "cnpg-mcp.image" (dict "root" .root "of" .image) | quote }}
imagePullPolicy: {{ include "cnpg-mcp.pullPolicy" (dict "root" .root "of" .image) }}
securityContext:
  {{- toYaml .root.Values.securityContext | nindent 2 }}
resources:
  {{- toYaml .of.resources | nindent 2 }}
livenessProbe:
  httpGet:
    path: /healthz
    port: {{ .port }}
  {{- toYaml .of.livenessProbe | nindent 2 }}
readinessProbe:
  httpGet:
    path: /readyz
    port: {{ .port }}
  {{- toYaml .of.readinessProbe | nindent 2 }}
{{- end }}
