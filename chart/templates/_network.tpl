{{/* Addresses as peers; none given, any. */}}
{{- define "cnpg-mcp.peers" -}}
to:
{{- range . | default (list "0.0.0.0/0" "::/0") }}
  - ipBlock:
      cidr: {{ . | quote }}
{{- end }}
{{- end }}

{{/* Port of Redis: of the address where it says one. */}}
{{- define "cnpg-mcp.redisPort" -}}
{{- $said := regexFind ":[0-9]+$" ((urlParse .Values.sessionStore.redis.url).host | default "") | trimPrefix ":" -}}
{{ $said | default .Values.networkPolicy.redis.port }}
{{- end }}

{{/* Labels of the pod of `helm test`. Not those of the server: the Service must not send it requests. */}}
{{- define "cnpg-mcp.testSelector" -}}
app.kubernetes.io/name: cnpg-mcp-helm-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
