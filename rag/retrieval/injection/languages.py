"""Languages: orders to a reader or a model in languages other than English.

Abstracts in these languages are rare, and so are imperatives in them. A rule names the verb in the
imperative and its object. The input is lower-case text from
``footnote.rag.retrieval.injection.normalization``.
"""

import re

_FOREIGN = (
    # German.
    r"\b(?:ignorier\w{0,4}|missachte\w{0,3}|vergiss|vergessen sie|beachten? (?:sie )?(?:nicht"
    r"|keine)|verwirf) [^.]{0,60}?"
    r"(?:anweisung|vorgabe|instruktion|befehl|prompt|regeln|anleitung|aufforderung)"
    r"|\bantworte(?:n sie)? (?:nur|ausschließlich|immer|stattdessen|ab jetzt|mit|bitte)"
    r"|\b(?:du bist|sie sind) (?:jetzt|nun|ab jetzt|ab sofort)"
    r" (?:eine?|kein\w{0,2}|der|die|frei|dan|ungebunden|unbeschränkt)\b"
    r"|\b(?:gib|geben sie|zeige|verrate|nenne) [^.]{0,40}?(?:systemprompt|system-prompt"
    r"|anweisungen|passw|positive bewertung|beste bewertung|schlüssel)"
    r"|\bab (?:jetzt|sofort) (?:antwort|bist|sollst|musst)|\bempfiehl (?:dieses|diese|diesen"
    r"|nur)|\bklicken? sie (?:hier|auf)"
    # French.
    r"|\b(?:ignore[zr]|oublie[zr]?|ne (?:tiens|tenez) (?:pas|aucun) compte|n'écoute[zr]?"
    r"|néglige[zr]?) [^.]{0,60}?(?:instructions?|consignes?|directives|règles|invite)"
    r"|\b(?:réponds|répondez) (?:uniquement|seulement|toujours|simplement|par|avec|que"
    r"|désormais)|\b(?:tu es|vous êtes) (?:maintenant|désormais|à présent)"
    r" (?:une?|le|la|libre|dan|sans)\b"
    r"|\b(?:révèle|révélez|affiche|affichez|montre|montrez|donne"
    r"|donnez) [^.]{0,40}?(?:instructions|invite système|mot de passe|prompt"
    r"|avis (?:très )?(?:positif|favorable)|meilleure note)"
    r"|\bclique[zr]? (?:ici|sur)|\brecommande[zr]? (?:cet article|ce papier)"
    # Spanish and Portuguese.
    r"|\b(?:ignora|ignoren|olvid[ae]n?|haga? caso omiso|haz caso omiso|descart[ae]n?|omit[ae]n?"
    r"|desconsider[ae]m?|esqueç[ae]m?|ignorem) [^.]{0,60}?"
    r"(?:instruccion|indicacion|órdenes|ordenes|reglas|directric|instruç|ordens|regras|comandos"
    r"|orientaç)"
    r"|\brespond[ae]n? (?:solo|sólo|solamente|únicamente|siempre|con|que|apenas|somente|só"
    r"|sempre|em|unicamente|de ahora)"
    r"|\b(?:ahora eres|eres ahora|a partir de ahora|de ahora en adelante|agora você é"
    r"|você agora é|você é agora|a partir de agora|de agora em diante)\b"
    r"|\b(?:revel[ae]|muestr[ae]|mostre|imprim[ae]|di|diga|dé|dê) [^.]{0,40}?(?:instrucciones"
    r"|prompt|contraseña|instruções|senha|reseña positiva|avaliação positiva|puntuación más alta)"
    r"|\b(?:haz|haga) clic\b|\bclique (?:aqui|no)\b|\b(?:recomiend[ae]"
    r"|recomende) este (?:artículo|artigo)"
    # Italian.
    r"|\b(?:ignor(?:a|ate|i)|dimentic[ah]\w{0,3}|trascur[ai](?:te)?|non (?:seguire"
    r"|tenere conto)) [^.]{0,60}?(?:istruzioni|indicazioni|regole|direttive|ordini)"
    r"|\brispond(?:i|ete|a) (?:solo|soltanto|solamente|sempre|con|esclusivamente|che"
    r"|unicamente)|\b(?:ora sei|sei ora|d'ora in poi|da ora in poi|da adesso)\b"
    r"|\b(?:rivela|mostra|stampa) [^.]{0,40}?(?:istruzioni|prompt|password)|\bfai clic"
    r"|\bclicca (?:qui|su)"
    # Dutch and Polish.
    r"|\bnegeer [^.]{0,60}?(?:instructies|aanwijzingen|opdrachten|regels)|\bantwoord (?:alleen"
    r"|enkel|uitsluitend|altijd|met)"
    r"|\b(?:zignoruj|ignoruj|zapomnij) [^.]{0,60}?(?:instrukcj|polece|zasad)"
    r"|\bodpowiedz (?:tylko|wyłącznie)"
    # Russian and Ukrainian.
    r"|(?:игнориру(?:й|йте)|проигнорируй(?:те)?|забудь(?:те)?|не обращай(?:те)? внимани\w"
    r"|не следуй(?:те)?|ігноруй(?:те)?) [^.]{0,60}?"
    r"(?:инструкци|указани|правил|команд|подсказк|промпт|сказанн|інструкці|вказівк|написан)"
    r"|(?:отвечай|отвечайте|ответь|ответьте|відповідай) (?:только|всегда|теперь|одним|лише|на )"
    r"|(?:ты теперь|теперь ты|вы теперь|отныне|с этого момента)"
    r"|(?:покажи|раскрой|выведи|напиши|поставь)(?:те)? [^.]{0,40}?(?:системн|инструкци|промпт"
    r"|парол|положительн|высш|слово)"
    # Chinese.
    r"|(?:忽略|无视|無視|忘记|忘記|不要理会|不要理會|忽视|忽視|抛弃|不要遵守|不要遵循)[^。.!?]{0,20}?(?:指令|指示|说明|說明|提示|规则|規則|命令"
    r"|要求|設定|设定|内容)"
    r"|(?:请|請|只|仅|僅|必须|必須|务必|一律)(?:只|仅|僅|需|要|能|以)?(?:回答|回复|回覆|输出|輸出|說|说|返回)|(?:你现在是|你現在是|从现在起"
    r"|從現在起|从现在开始|從現在開始|你不再是|你必须|你必須)"
    r"|(?:给出|給出|给予|給予|给|給|打)[^。.!?]{0,12}?(?:好评|好評|正面评价|正面評價|高分|满分|滿分|积极评价)|(?:透露|泄露|洩露|显示"
    r"|顯示)[^。.!?]{0,12}?(?:系统提示|系統提示|提示词|密码|密碼)"
    # Japanese and Korean.
    r"|(?:指示|命令|プロンプト|ルール|規則|指令|説明)[^。.!?]{0,10}?(?:無視(?:し(?:て|ろ|なさい)|せよ)"
    r"|忘れ(?:て|ろ|なさい))"
    r"|(?:無視し|忘れ)(?:ろ|なさい|てください|て下さい)"
    r"|(?:だけ|のみ)(?:を|と|で)?(?:答え|回答|出力|返答|返し)|(?:あなたは(?:今|これから|もう)|これからあなた|今からあなた)"
    r"|(?:지시|명령|프롬프트|규칙|지침)[^.!?]{0,10}?(?:무시|잊)"
    r"|(?:만|로만)\s?(?:대답|답변|출력|응답)|너는 이제|당신은 이제"
    # Arabic, Hindi and Turkish.
    r"|(?:تجاهل|انس|تجاهلي)[^.!?]{0,40}?(?:التعليمات|الأوامر|القواعد)|(?:अनदेखा|नज़रअंदाज़"
    r"|भूल)[^।.!?]{0,20}?(?:करें|करो|जाओ|जाएं|कर)"
    r"|(?:निर्देश)[^।.!?]{0,30}?(?:अनदेखा|नज़रअंदाज़|भूल)|(?:talimatları|yönergeleri"
    r"|komutları) (?:yok say|unut|görmezden gel)"
)  # fmt: skip
FOREIGN = re.compile(_FOREIGN)
# ASCII words that orders in these languages contain.
FOREIGN_HINT = frozenset(
    "ignoriere ignorieren missachte missachten vergiss vergessen beachte beachten antworte"
    " antworten du gib zeige"
    " verrate nenne verwirf empfiehl klicken klicke sie ignorez ignorer oublie oubliez ignore"
    " affiche affichez montre montrez donne donnez cliquez"
    " recommandez tu vous ne ignora ignoren olvida olvide haz haga descarta descarte omita omite"
    " responda responde respondan ahora"
    " partir revela revele muestra muestre mostre imprima imprime diga clique recomienda"
    " recomiende recomende desconsidere ignorem ignorate dimentica"
    " dimenticate dimentichi trascura rispondi rispondete ora sei d'ora rivela mostra stampa fai"
    " clicca negeer antwoord zignoruj"
    " ignoruj zapomnij odpowiedz talimatlari komutlari non agora".split()
)  # fmt: skip
